using Microsoft.Extensions.AI;
using NUnit.Framework;

namespace LongContext.Extensions.AI.Tests;

[TestFixture]
internal sealed class MessageMappingTests
{
    [Test]
    public void Map_Instructions_AreASystemMessageBeforeAllOthers()
    {
        IReadOnlyList<ChatMessage> mapped = MessageMapping.Map(
            [new(ChatRole.User, [new TextContent("a"), new TextContent("b")]), new(ChatRole.Assistant, [new TextReasoningContent("hm"), new TextContent("c")])],
            "Be brief.");

        Assert.That(mapped, Is.EqualTo(new[] { ChatMessage.System("Be brief."), ChatMessage.User("ab"), ChatMessage.Assistant("c") }));
    }

    [Test]
    public void Map_AnImage_IsRefused()
    {
        Microsoft.Extensions.AI.ChatMessage message = new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);

        Assert.That(() => MessageMapping.Map([message], null), Throws.TypeOf<InvalidRequestException>().With.Message.Contains("DataContent"));
    }
}
