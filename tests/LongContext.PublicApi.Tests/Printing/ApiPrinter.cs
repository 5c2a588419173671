using System.Reflection;
using System.Text;

namespace LongContext.PublicApi.Tests.Printing;

/// <summary>Writes an assembly's public surface as C#-like lines, in an order that depends on nothing but names.</summary>
/// <remarks>What the compiler makes (record equality, deconstruction, accessors) is left out.</remarks>
internal static class ApiPrinter
{
    internal static string Print(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(TypePrinter.Declaration(type)).Append('\n');
            foreach (string member in Members(type))
            {
                text.Append("    ").Append(member).Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(f => (f.Name, Value: Convert.ToInt64(f.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture)))
                .OrderBy(f => f.Value)
                .Select(f => $"{f.Name} = {f.Value}");
        }

        return typeof(Delegate).IsAssignableFrom(type) ? [] : MemberPrinter.Members(type);
    }
}
