using System.Reflection;
using System.Runtime.CompilerServices;

namespace LongContext.PublicApi.Tests.Printing;

/// <summary>Declarations of types.</summary>
internal static class TypePrinter
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    internal static string Declaration(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            return $"public delegate {NameWriter.Return(invoke)} {Name(type)}({MemberPrinter.Parameters(invoke)}){Constraints(type.GetGenericArguments())}";
        }

        List<string> bases = [];
        if (type.IsEnum)
        {
            bases.Add(NameWriter.Plain(type.GetEnumUnderlyingType()));
        }
        else
        {
            if (type is { IsClass: true, BaseType: { } super } && super != typeof(object))
            {
                bases.Add(NameWriter.Plain(super));
            }

            bases.AddRange(OwnInterfaces(type).Select(NameWriter.Plain).Order(StringComparer.Ordinal));
        }

        string flags = type.IsEnum && type.IsDefined(typeof(FlagsAttribute)) ? "[Flags] " : "";
        return $"{flags}public {Kind(type)} {Name(type)}{(bases.Count > 0 ? " : " + string.Join(", ", bases) : "")}{Constraints(type.GetGenericArguments())}";
    }

    /// <summary>" where T : unmanaged" and the like.</summary>
    internal static string Constraints(Type[] parameters)
    {
        return string.Concat(parameters.Where(p => p.IsGenericParameter).Select(p =>
        {
            List<string> parts = [];
            GenericParameterAttributes attributes = p.GenericParameterAttributes;
            bool unmanaged = p.GetCustomAttributesData().Any(a => a.AttributeType.Name == "IsUnmanagedAttribute");
            if (unmanaged)
            {
                parts.Add("unmanaged");
            }
            else if (attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
            {
                parts.Add("struct");
            }
            else if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            {
                parts.Add("class");
            }

            parts.AddRange(p.GetGenericParameterConstraints().Where(c => c != typeof(ValueType)).Select(NameWriter.Plain));
            if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint)
                && !attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
            {
                parts.Add("new()");
            }

            return parts.Count == 0 ? "" : $" where {p.Name} : {string.Join(", ", parts)}";
        }));
    }

    private static string Name(Type type) => $"{type.Namespace}.{NameWriter.Nested(type)}";

    private static string Kind(Type type)
    {
        if (type.IsEnum)
        {
            return "enum";
        }

        if (type.IsInterface)
        {
            return "interface";
        }

        if (type.IsValueType)
        {
            string readOnly = type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "";
            string record = type.GetMethod("PrintMembers", Declared) is not null ? "record " : "";
            return $"{readOnly}{(type.IsByRefLike ? "ref " : "")}{record}struct";
        }

        string modifier = type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return $"{modifier}{(type.GetMethod("<Clone>$", Declared) is not null ? "record" : "class")}";
    }

    /// <summary>Interfaces the type itself adds: not its base's, not those another one brings along, not a record's own equality.</summary>
    private static IEnumerable<Type> OwnInterfaces(Type type)
    {
        Type[] all = type.GetInterfaces();
        IEnumerable<Type> inherited = all.SelectMany(i => i.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []);
        Type equality = typeof(IEquatable<>).MakeGenericType(type.IsByRefLike ? typeof(object) : type);
        return all.Except(inherited).Where(i => i != equality);
    }
}
