using System.Reflection;

namespace LongContext.PublicApi.Tests.Printing;

/// <summary>Names of types as C# writes them, with the nullability the compiler recorded.</summary>
internal static class NameWriter
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(bool)] = "bool", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short",
        [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint", [typeof(nuint)] = "nuint", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal", [typeof(char)] = "char", [typeof(string)] = "string", [typeof(object)] = "object",
    };

    internal static string Of(PropertyInfo property) => Write(property.PropertyType, Nullability.Create(property));

    internal static string Of(FieldInfo field) => Write(field.FieldType, Nullability.Create(field));

    internal static string Of(EventInfo happening) => Write(happening.EventHandlerType!, Nullability.Create(happening));

    internal static string Of(ParameterInfo parameter) => Write(parameter.ParameterType, Nullability.Create(parameter));

    internal static string Return(MethodInfo method) =>
        (method.ReturnType.IsByRef ? method.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? "ref readonly " : "ref " : "")
        + Write(method.ReturnType, Nullability.Create(method.ReturnParameter));

    /// <summary>Without nullability: bases and constraints, where the compiler's record cannot be read back.</summary>
    internal static string Plain(Type type) => Write(type, null);

    /// <summary>Outer.Inner&lt;T&gt;, without the namespace.</summary>
    internal static string Nested(Type type)
    {
        string name = type.Name.Split('`')[0];
        if (type.IsGenericTypeDefinition)
        {
            name += $"<{string.Join(", ", type.GetGenericArguments().Select(a => a.Name))}>";
        }

        return type.DeclaringType is { } outer ? $"{Nested(outer)}.{name}" : name;
    }

    private static string Write(Type type, NullabilityInfo? info)
    {
        if (type.IsByRef)
        {
            return Write(type.GetElementType()!, info);
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Write(value, null) + "?";
        }

        string name = Keywords.TryGetValue(type, out string? keyword) ? keyword
            : type.IsArray ? Write(type.GetElementType()!, info?.ElementType) + $"[{new string(',', type.GetArrayRank() - 1)}]"
            : type.IsPointer ? Write(type.GetElementType()!, null) + "*"
            : type.IsGenericType ? Generic(type, info)
            : type.Name;
        bool nullable = info?.ReadState == NullabilityState.Nullable && !type.IsValueType;
        return nullable ? name + "?" : name;
    }

    private static string Generic(Type type, NullabilityInfo? info)
    {
        Type[] arguments = type.GetGenericArguments();
        NullabilityInfo[] infos = info?.GenericTypeArguments ?? [];
        IEnumerable<string> names = arguments.Select((a, i) => Write(a, i < infos.Length ? infos[i] : null));
        return $"{type.Name.Split('`')[0]}<{string.Join(", ", names)}>";
    }
}
