using System.Text.Json;
using LongContext.Tests.Shared;
using LongContext.Tokenization.ChatTemplates;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization.ChatTemplates;

/// <summary>Small templates for every tag, filter, test, method and white-space rule; Python's jinja2 wrote down what they give.</summary>
[TestFixture]
internal sealed class JinjaConformanceTests
{
    private static readonly Lazy<JsonDocument> File = new(() => JsonDocument.Parse(System.IO.File.ReadAllText(
        Path.Combine(SharedData.RepositoryRoot, "tests", "LongContext.Tests", "Tokenization", "ChatTemplates", "jinja-cases.json"))));

    private static IEnumerable<TestCaseData> Cases() => File.Value.RootElement.GetProperty("cases").EnumerateArray().Select((c, i) =>
        new TestCaseData(c.GetProperty("template").GetString(), c.TryGetProperty("text", out JsonElement text) ? text.GetString() : null)
            .SetArgDisplayNames($"{i}"));

    [TestCaseSource(nameof(Cases))]
    public void Render_SmallTemplate_IsWhatJinjaGives(string template, string? expected)
    {
        ChatTemplateInput input = ChatTemplateInput.FromJson(File.Value.RootElement.GetProperty("variables")) with { TimeProvider = FixedTime.Golden };
        if (expected is null)
        {
            Assert.That(() => ChatTemplate.Parse(template).Render(input), Throws.TypeOf<ChatTemplateException>(), template);
        }
        else
        {
            Assert.That(ChatTemplate.Parse(template).Render(input), Is.EqualTo(expected), template);
        }
    }
}
