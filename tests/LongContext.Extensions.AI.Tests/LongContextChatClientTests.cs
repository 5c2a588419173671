using LongContext.Tests.Shared;
using Microsoft.Extensions.AI;
using NUnit.Framework;

namespace LongContext.Extensions.AI.Tests;

/// <summary>The client over a real session with the Quickstart's model, which answers <c>[GET][Ki]</c> with the value set before.</summary>
[TestFixture]
internal sealed class LongContextChatClientTests
{
    private static readonly ChatOptions OneToken = new() { MaxOutputTokens = 1, Instructions = "Once upon a time. [SET][K5][V77] And so on. " };

    private static readonly Microsoft.Extensions.AI.ChatMessage Question = new(ChatRole.User, "[GET][K5]");

    private TemporaryFolder _folder = null!;
    private InferenceSession _session = null!;

    [OneTimeSetUp]
    public async Task Load()
    {
        _folder = new TemporaryFolder();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "model")))
        {
            File.Copy(file, Path.Combine(_folder.Path, Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(_folder.Path, "chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        _session = await InferenceSession.CreateBuilder().UseModel(_folder.Path).UseContextLength(256).UseCpu(threads: 1).BuildAsync();
    }

    [OneTimeTearDown]
    public async Task Close()
    {
        await _session.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task GetResponse_Question_GivesAnswerReasonAndUsage()
    {
        using IChatClient client = _session.AsIChatClient();
        ChatResponse response = await client.GetResponseAsync([Question], OneToken);

        Assert.That(response.Text, Is.EqualTo("[V77]"));
        Assert.That(response.Messages.Single().Role, Is.EqualTo(ChatRole.Assistant));
        Assert.That(response.FinishReason, Is.EqualTo(ChatFinishReason.Length));
        int prompt = _session.CountTokens(_session.RenderChat([ChatMessage.System(OneToken.Instructions!), ChatMessage.User(Question.Text)]));
        Assert.That(response.Usage!.InputTokenCount, Is.EqualTo(prompt));
        Assert.That(response.Usage.OutputTokenCount, Is.EqualTo(1));
        Assert.That(response.Usage.TotalTokenCount, Is.EqualTo(prompt + 1));
    }

    [Test]
    public async Task GetStreamingResponse_SeveralTokens_JoinsToTheResponse()
    {
        ChatOptions options = new() { MaxOutputTokens = 9, Instructions = OneToken.Instructions };
        using IChatClient client = _session.AsIChatClient();
        ChatResponse whole = await client.GetResponseAsync([Question], options);
        ChatResponse streamed = await client.GetStreamingResponseAsync([Question], options).ToChatResponseAsync();

        Assert.That(streamed.Text, Is.EqualTo(whole.Text));
        Assert.That(streamed.FinishReason, Is.EqualTo(whole.FinishReason));
        Assert.That(streamed.Usage!.OutputTokenCount, Is.EqualTo(whole.Usage!.OutputTokenCount));
        Assert.That(streamed.Messages, Has.Count.EqualTo(1));
    }

    [Test]
    public void GetStreamingResponse_CancelledRequest_Ends()
    {
        using IChatClient client = _session.AsIChatClient();
        Assert.That(
            async () =>
            {
                await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync([Question], OneToken, new CancellationToken(canceled: true)))
                {
                }
            },
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void GetService_ForTheSession_IsTheSession()
    {
        using IChatClient client = _session.AsIChatClient();

        Assert.That(client.GetService<InferenceSession>(), Is.SameAs(_session));
        Assert.That(client.GetService<ChatClientMetadata>()!.DefaultModelId, Is.EqualTo("llama"));
        Assert.That(client.GetService(typeof(InferenceSession), "other"), Is.Null);
    }

    [Test]
    public async Task Dispose_OfTheClient_LeavesTheSession()
    {
        _session.AsIChatClient().Dispose();

        Assert.That((await _session.GenerateAsync(new Prompt("[SET][K1][V2][GET][K1]"), new GenerationOptions { MaxNewTokens = 1 })).Text, Is.EqualTo("[V2]"));
    }
}
