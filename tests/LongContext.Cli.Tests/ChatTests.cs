using System.Text.Json;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class ChatTests
{
    // Renders the system message and what users said, nothing else: the model's answer depends on both.
    private const string Template = "{{ bos_token }}{% for m in messages %}{% if m.role != 'assistant' %}{{ m.content }} {% endif %}{% endfor %}[GET][K1]";

    [Test]
    public void EveryMessage_GetsAnAnswer_FromTheWholeConversation()
    {
        using TemporaryFolder folder = new();
        string model = folder.CopyModel();
        folder.Write("chat_template.jinja", Template);

        CliResult result = Cli.RunWithInput(
            "[SET][K1][V7]\n\nsomething else\n/reset\nhello\n/exit\nnever read\n",
            "chat", model, "--system", "[SET][K1][V9]", "--max-tokens", "1", "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        IReadOnlyList<JsonElement> answers = result.JsonLines;
        Assert.That(answers, Has.Count.EqualTo(3));
        Assert.That(answers[2].GetProperty("text").GetString(), Is.EqualTo("[V9]"), "after /reset the system message alone is left");
        Assert.That(answers[1].GetProperty("promptTokens").GetInt32(), Is.GreaterThan(answers[0].GetProperty("promptTokens").GetInt32()));
        Assert.That(answers[0].GetProperty("finishReason").GetString(), Is.EqualTo("length"));
    }

    [Test]
    public void ModelWithoutATemplate_IsBadInput()
    {
        CliResult result = Cli.RunWithInput("hello\n", "chat", Cli.Model, "--max-tokens", "1");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain("template"));
    }
}
