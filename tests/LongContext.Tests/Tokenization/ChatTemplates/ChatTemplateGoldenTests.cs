using System.Text.Json;
using LongContext.Tests.Shared;
using LongContext.Tokenization.ChatTemplates;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization.ChatTemplates;

/// <summary>Real templates, rendered by Python's jinja2 as Hugging Face sets it up.</summary>
[TestFixture]
internal sealed class ChatTemplateGoldenTests
{
    [Test]
    public void Render_EveryRealTemplateAndConversation_IsJinjasText()
    {
        string folder = SharedData.Require("chat_templates");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
        Dictionary<string, JsonElement> conversations = golden.RootElement.GetProperty("conversations").EnumerateArray()
            .ToDictionary(conversation => conversation.GetProperty("name").GetString()!);
        int renders = 0;
        int errors = 0;
        Assert.Multiple(() =>
        {
            foreach (JsonElement render in golden.RootElement.GetProperty("renders").EnumerateArray())
            {
                string name = render.GetProperty("template").GetString()!;
                string conversation = render.GetProperty("conversation").GetString()!;
                ChatTemplate template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(folder, name)));
                ChatTemplateInput input = ChatTemplateInput.FromJson(conversations[conversation]) with
                {
                    BosToken = render.GetProperty("bos_token").GetString(),
                    EosToken = render.GetProperty("eos_token").GetString(),
                    TimeProvider = FixedTime.Golden,
                };
                renders++;
                if (render.TryGetProperty("error", out JsonElement error))
                {
                    errors++;
                    Assert.That(
                        () => template.Render(input),
                        Throws.TypeOf<ChatTemplateException>().With.Message.Contains(error.GetString()!), $"{name}, {conversation}");
                }
                else
                {
                    Assert.That(
                        () => template.Render(input), Throws.Nothing, $"{name}, {conversation}");
                    Assert.That(template.Render(input), Is.EqualTo(render.GetProperty("text").GetString()), $"{name}, {conversation}");
                }
            }
        });
        Assert.That((renders, errors), Is.EqualTo((143, 8)));
    }

    [Test]
    public void Render_AMessageOfAMillionTokens_StaysWithinTheBudgets()
    {
        string folder = SharedData.Require("chat_templates");
        string document = string.Concat(Enumerable.Repeat("Some words 🙂 and\n\"quotes\". ", 160_000)); // 4.6 million characters
        ChatTemplateInput input = new()
        {
            Messages = [ChatMessage.User(document), ChatMessage.Assistant("<think>hm</think>" + document), ChatMessage.User("So?")],
            BosToken = "<s>",
            EosToken = "</s>",
            TimeProvider = FixedTime.Golden,
        };
        foreach (string path in Directory.GetFiles(folder, "*.jinja"))
        {
            string text = ChatTemplate.Parse(File.ReadAllText(path)).Render(input);
            Assert.That(text, Has.Length.GreaterThan(2 * document.Length - 10), path);
        }
    }
}
