using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace LongContext.PublicApi.Tests.Printing;

/// <summary>Constants, fields, constructors, properties, events, methods: what a caller or a derived class can see.</summary>
internal static class MemberPrinter
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    internal static IEnumerable<string> Members(Type type)
    {
        string name = type.Name.Split('`')[0];
        return Sorted(type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly).Select(Field))
            .Concat(Sorted(type.GetConstructors(Declared).Where(Seen).Select(c => $"{Access(c)}{name}({Parameters(c)})")))
            .Concat(Sorted(type.GetProperties(Declared).Where(p => !Made(p) && p.GetAccessors(true).Any(Seen)).Select(Property)))
            .Concat(Sorted(type.GetEvents(Declared).Where(e => Seen(e.AddMethod!)).Select(e => $"{Access(e.AddMethod!)}event {NameWriter.Of(e)} {e.Name}")))
            .Concat(Sorted(type.GetMethods(Declared).Where(m => Seen(m) && !Made(m) && !IsAccessor(m)).Select(Method)));
    }

    internal static string Parameters(MethodBase method) => Parameters(method.GetParameters(), method.IsDefined(typeof(ExtensionAttribute)));

    private static string Parameters(ParameterInfo[] parameters, bool extension)
    {
        return string.Join(", ", parameters.Select((p, i) =>
        {
            string modifier = extension && i == 0 ? "this " : "";
            modifier += p.IsOut ? "out "
                : p.ParameterType.IsByRef ? p.IsDefined(typeof(RequiresLocationAttribute)) ? "ref readonly " : p.IsIn ? "in " : "ref "
                : p.IsDefined(typeof(ParamArrayAttribute)) || p.IsDefined(typeof(ParamCollectionAttribute)) ? "params "
                : "";
            return $"{modifier}{NameWriter.Of(p)} {p.Name}{(p.HasDefaultValue ? " = " + Constant(p.DefaultValue, p.ParameterType) : "")}";
        }));
    }

    private static IEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Order(StringComparer.Ordinal);

    private static string Field(FieldInfo field)
    {
        string access = field.IsPublic ? "public " : "protected ";
        return field.IsLiteral
            ? $"{access}const {NameWriter.Of(field)} {field.Name} = {Constant(field.GetRawConstantValue(), field.FieldType)}"
            : $"{access}{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{NameWriter.Of(field)} {field.Name}";
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo[] seen = [.. property.GetAccessors(true).Where(Seen)];
        MethodInfo first = seen.FirstOrDefault(m => m.IsPublic) ?? seen[0];
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        string accessors = string.Concat(new[] { property.GetMethod, property.SetMethod }.Where(m => m is not null && Seen(m)).Select(m =>
        {
            string access = first.IsPublic && !m!.IsPublic ? "protected " : "";
            bool init = m!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
            return access + (m == property.GetMethod ? "get; " : init ? "init; " : "set; ");
        }));
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length > 0 ? $"this[{Parameters(index, extension: false)}]" : property.Name;
        return $"{Access(first)}{Modifiers(first)}{required}{NameWriter.Of(property)} {name} {{ {accessors}}}";
    }

    private static string Method(MethodInfo method)
    {
        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
        string constraints = method.IsGenericMethod ? TypePrinter.Constraints(method.GetGenericArguments()) : "";
        return $"{Access(method)}{Modifiers(method)}{NameWriter.Return(method)} {method.Name}{generic}({Parameters(method)}){constraints}";
    }

    private static string Access(MethodBase method) =>
        method.DeclaringType!.IsInterface ? "" : method.IsPublic ? "public " : "protected ";

    private static string Modifiers(MethodInfo method)
    {
        string inheritance = method.DeclaringType!.IsInterface || !method.IsVirtual ? ""
            : method.GetBaseDefinition() != method ? "override "
            : method.IsAbstract ? "abstract "
            : method.IsFinal || method.DeclaringType.IsSealed ? "" // implements an interface
            : "virtual ";
        return (method.IsStatic ? "static " : "") + inheritance;
    }

    private static bool Seen(MethodBase method) =>
        method.IsPublic || (!method.DeclaringType!.IsSealed && (method.IsFamily || method.IsFamilyOrAssembly));

    private static bool Made(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute)) || (member is PropertyInfo { GetMethod: { } get } && member.Name == "EqualityContract" && !get.IsPublic);

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Constant(object? value, Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
            string text => $"\"{text}\"",
            bool flag => flag ? "true" : "false",
            _ when plain.IsEnum => string.Join(" | ", Enum.ToObject(plain, value).ToString()!.Split(", ").Select(n => $"{plain.Name}.{n}")),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString()!,
        };
    }
}
