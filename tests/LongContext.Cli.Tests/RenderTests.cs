using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class RenderTests
{
    private const string Template = "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

    [Test]
    public void Messages_AsArray_EndWithTheGenerationPrompt()
    {
        using TemporaryFolder folder = new();
        string model = folder.CopyModel();
        folder.Write("chat_template.jinja", Template);
        string messages = folder.Write("messages.json", """[{"role": "user", "content": "Grüße <b>"}]""");

        Assert.That(Cli.Run("render", model, "--messages", messages).Output, Is.EqualTo("<s><user>Grüße <b><assistant>\n"));
        Assert.That(Cli.Run("render", model, "--messages", messages, "--json").Json.GetProperty("text").GetString(), Is.EqualTo("<s><user>Grüße <b><assistant>"));
    }

    [Test]
    public void Messages_AsObject_MayHaveOtherVariables()
    {
        using TemporaryFolder folder = new();
        string model = folder.CopyModel();
        folder.Write("chat_template.jinja", Template);
        string messages = folder.Write("messages.json", """{"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": false, "bos_token": "<B>"}""");

        Assert.That(Cli.Run("render", model, "--messages", messages).Output, Is.EqualTo("<B><user>a\n"));
    }

    [Test]
    public void Now_IsTheTimeOfTheTemplate()
    {
        using TemporaryFolder folder = new();
        string template = folder.Write("t.jinja", "{{ strftime_now('%Y-%m-%d') }}");
        string messages = folder.Write("messages.json", "[]");

        Assert.That(Cli.Run("render", template, "--messages", messages, "--now", "2025-03-09T14:05:07").Output, Is.EqualTo("2025-03-09\n"));
        Assert.That(Cli.Run("render", template, "--messages", messages, "--now", "soon").ExitCode, Is.EqualTo(2));
    }

    [TestCase("Qwen-Qwen2.5-7B-Instruct.jinja")]
    [TestCase("google-gemma-2-2b-it.jinja")]
    [TestCase("HuggingFaceTB-SmolLM3-3B.jinja")]
    public void Lines_OfRealTemplates_RenderAsRecorded_RefusalsAreErrors(string name)
    {
        string template = SharedData.Require($"chat_templates/{name}");
        JsonNode golden = JsonNode.Parse(File.ReadAllText(SharedData.Require("chat_templates/golden.json")))!;
        JsonNode[] renders = [.. golden["renders"]!.AsArray().Where(r => (string)r!["template"]! == name).Select(r => r!)];
        Dictionary<string, JsonNode> conversations = golden["conversations"]!.AsArray().ToDictionary(c => (string)c!["name"]!, c => c!);
        string input = string.Concat(renders.Select(render =>
        {
            JsonNode line = conversations[(string)render["conversation"]!].DeepClone();
            (line["bos_token"], line["eos_token"]) = (render["bos_token"]?.DeepClone(), render["eos_token"]?.DeepClone());
            return line.ToJsonString() + "\n";
        }));

        CliResult result = Cli.RunWithInput(input, "render", template, "--jsonl", "--now", (string)golden["clock"]!);

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        IReadOnlyList<JsonElement> answers = result.JsonLines;
        Assert.That(answers, Has.Count.EqualTo(renders.Length));
        for (int i = 0; i < renders.Length; i++)
        {
            if (renders[i]["text"] is { } text)
            {
                Assert.That(answers[i].GetProperty("text").GetString(), Is.EqualTo((string)text!));
            }
            else
            {
                Assert.That(answers[i].GetProperty("error").GetString(), Does.Contain((string)renders[i]["error"]!));
            }
        }
    }

    [TestCase("{% for %}", "[]")]
    [TestCase("{{ raise_exception('not like this') }}", "[]")]
    [TestCase("x", "{}")]
    [TestCase("x", "no json")]
    public void BadTemplateOrConversation_IsBadInput(string template, string messages)
    {
        using TemporaryFolder folder = new();

        CliResult result = Cli.Run("render", folder.Write("t.jinja", template), "--messages", folder.Write("messages.json", messages));

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Errors);
        Assert.That(result.Errors, Is.Not.Empty);
    }

    [Test]
    public void ModelWithoutATemplate_IsBadInput()
    {
        using TemporaryFolder folder = new();

        CliResult result = Cli.Run("render", Cli.Model, "--messages", folder.Write("messages.json", "[]"));

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain("template"));
    }
}
