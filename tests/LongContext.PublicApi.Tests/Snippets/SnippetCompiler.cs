using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LongContext.PublicApi.Tests.Snippets;

/// <summary>Compiles a snippet as a reader's project would: implicit usings, nullable, against the built packages.</summary>
internal static class SnippetCompiler
{
    /// <summary>What Microsoft.NET.Sdk's ImplicitUsings gives a console program.</summary>
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; " +
        "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Preview);

    private static readonly List<MetadataReference> References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(p => !Path.GetFileName(p).StartsWith("LongContext.PublicApi.Tests", StringComparison.Ordinal))
        .Select(p => MetadataReference.CreateFromFile(p))];

    /// <summary>Errors, with lines counted from the snippet's own first line.</summary>
    /// <param name="code">The snippet.</param>
    /// <param name="assemblyName">The core's friends see its internals: pages about the inside are compiled under a friend's name.</param>
    internal static List<string> Errors(string code, string assemblyName)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(code, Parsing);
        bool program = tree.GetCompilationUnitRoot().Members.Any(m => m is GlobalStatementSyntax);
        CSharpCompilation compilation = CSharpCompilation.Create(
            assemblyName,
            [CSharpSyntaxTree.ParseText(ImplicitUsings, Parsing), tree],
            References,
            new CSharpCompilationOptions(
                program ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable,
                allowUnsafe: true));
        return [.. compilation.GetDiagnostics()
            .Where(d => d.Severity == DiagnosticSeverity.Error)
            .Select(d => $"line {d.Location.GetLineSpan().StartLinePosition.Line + 1}: {d.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}")];
    }
}
