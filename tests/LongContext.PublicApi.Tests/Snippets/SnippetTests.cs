using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.PublicApi.Tests.Snippets;

/// <summary>What the pages show compiles.</summary>
[TestFixture]
internal sealed class SnippetTests
{
    private static readonly string[] OptionalNamespaces = ["LongContext.Ilgpu", "LongContext.Tokenizers.MicrosoftML"];

    private static IEnumerable<TestCaseData> Snippets() =>
        SnippetReader.Read(SharedData.RepositoryRoot).Select(s => new TestCaseData(s).SetArgDisplayNames(s.ToString()));

    [TestCaseSource(nameof(Snippets))]
    public void Snippet_InAPage_Compiles(Snippet snippet)
    {
        foreach (string optional in OptionalNamespaces)
        {
            if (snippet.Code.Contains($"using {optional};", StringComparison.Ordinal) && System.Reflection.Assembly.Load(optional).GetExportedTypes().Length == 0)
            {
                Assert.Ignore($"{optional} was built empty: its optional package is absent.");
            }
        }

        bool inside = snippet.Page.StartsWith("docs/", StringComparison.Ordinal);
        Assert.That(SnippetCompiler.Errors(snippet.Code, inside ? "LongContext.Tests" : "Snippet"), Is.Empty, snippet.ToString());
    }

    [Test]
    public void Readme_OfThePackage_ShowsCode()
    {
        Assert.That(Snippets().Select(s => ((Snippet)s.Arguments[0]!).Page), Does.Contain("nuget/README.md"));
    }

    [TestCase("int x = Prompt.FromString(\"a\");", "line 1")]
    [TestCase("using LongContext;\nPrompt p = 5;", "line 2")]
    [TestCase("using LongContext.Engine;\nInferenceEngine? e = null;", "line 2")] // internal
    public void Errors_OfCodeThatIsWrong_NameTheLine(string code, string line)
    {
        Assert.That(SnippetCompiler.Errors(code, "Snippet"), Has.Some.StartsWith(line));
    }

    [Test]
    public void Parse_ContinuedBlock_FollowsTheOneBefore()
    {
        string[] page = ["```csharp", "int a = 1;", "```", "text", "```csharp continued", "a++;", "```", "```json", "{}", "```"];

        Assert.That(SnippetReader.Parse("p.md", page), Is.EqualTo(new[]
        {
            new Snippet("p.md", 2, "int a = 1;\n"),
            new Snippet("p.md", 6, "int a = 1;\na++;\n"),
        }));
    }
}
