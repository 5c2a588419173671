using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using LongContext.Tests.Shared.Reference;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>Conversations through a model's own template, from both formats; the weights are random, the text is not judged.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed class ChatTests
{
    private static readonly ChatMessage[] Conversation = [ChatMessage.System("the rain"), ChatMessage.User("and a hat")];

    private TemporaryFolder _folder = null!;

    [OneTimeSetUp]
    public void WriteModels()
    {
        _folder = new TemporaryFolder();
        Directory.CreateDirectory(_folder.File("folder"));
        GoldenModel.WriteFolder(_folder.File("folder"), "tiny", DType.F32);
        GoldenModel.WriteGguf(_folder.File("model.gguf"), "tiny", DType.F32);
    }

    [OneTimeTearDown]
    public void DeleteModels() => _folder.Dispose();

    [TestCase("folder")]
    [TestCase("model.gguf")]
    public async Task Chat_IsTheTemplatesTextWithItsSpecialTokensParsed(string model)
    {
        await using InferenceSession session = Open(_folder.File(model));
        Prompt prompt = session.RenderChat(Conversation);
        Assert.That(prompt.Context.Text, Is.EqualTo(
            "<|im_start|>system\nthe rain<|im_end|>\n<|im_start|>user\nand a hat<|im_end|>\n<|im_start|>assistant\n"));

        int start = session.Tokenizer.FindToken("<|im_start|>")!.Value;
        IReadOnlyList<int> ids = session.Tokenizer.Encode(prompt.Context.Text!, EncodeOptions.ParseSpecialTokens);
        GenerationOptions options = new() { MaxNewTokens = 6 };
        GenerationResult chat = await session.GenerateChatAsync(Conversation, options);
        GenerationResult plain = await session.GenerateAsync(Prompt.FromTokens(ids), options);
        List<GenerationUpdate> streamed = await session.StreamChatAsync(Conversation, options).ToListAsync();
        Assert.Multiple(() =>
        {
            Assert.That(ids.Count(i => i == start), Is.EqualTo(3));
            Assert.That(chat.TokenIds, Is.EqualTo(plain.TokenIds));
            Assert.That(streamed.SelectMany(u => u.TokenIds), Is.EqualTo(plain.TokenIds));
            Assert.That(chat.Usage.PromptTokens, Is.EqualTo(ids.Count));
        });
    }

    [Test]
    public async Task Chat_WithATemplateThatWritesTheBeginningItself_HasItOnce()
    {
        string folder = CopyWithTemplate("own-bos", "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ eos_token }}");
        await using InferenceSession session = Open(folder);
        Prompt prompt = session.RenderChat(Conversation);
        Assert.Multiple(() =>
        {
            Assert.That(prompt.Context.Text, Is.EqualTo("<|bos|>the rainand a hat<|eos|>"));
            Assert.That(session.CountTokens(prompt), Is.EqualTo(session.Tokenizer.Encode("<|bos|>the rainand a hat<|eos|>", EncodeOptions.ParseSpecialTokens).Count));
        });
    }

    [TestCase("{% for m in messages %}", "malformed")]
    [TestCase("{{ raise_exception('no') }}", "refusing")]
    public async Task Chat_WithABadTemplate_FailsWhenUsedAndNotBefore(string template, string name)
    {
        await using InferenceSession session = Open(CopyWithTemplate(name, template));
        Assert.Multiple(() =>
        {
            Assert.That(() => session.RenderChat(Conversation), Throws.TypeOf<ChatTemplateException>());
            Assert.That(async () => await session.GenerateAsync("the rain", new GenerationOptions { MaxNewTokens = 2 }), Throws.Nothing);
        });
    }

    private static InferenceSession Open(string model) =>
        InferenceSession.CreateBuilder().UseModel(model).UseBackend(() => new ReferenceBackend()).Build();

    private string CopyWithTemplate(string name, string template)
    {
        string folder = _folder.File(name);
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(_folder.File("folder")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), template);
        return folder;
    }
}
