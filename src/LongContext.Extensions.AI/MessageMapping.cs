using Microsoft.Extensions.AI;

namespace LongContext.Extensions.AI;

/// <summary>From the abstraction's messages to those of a chat template: role and text.</summary>
internal static class MessageMapping
{
    internal static IReadOnlyList<ChatMessage> Map(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, string? instructions)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<ChatMessage> mapped = [];
        if (!string.IsNullOrEmpty(instructions))
        {
            mapped.Add(ChatMessage.System(instructions));
        }

        foreach (Microsoft.Extensions.AI.ChatMessage message in messages)
        {
            foreach (AIContent content in message.Contents)
            {
                // Reasoning, usage and errors of earlier turns are no text to send back.
                if (content is not (TextContent or TextReasoningContent or UsageContent or ErrorContent))
                {
                    throw new InvalidRequestException("ChatMessage.Contents", content.GetType().Name, "text");
                }
            }

            mapped.Add(new ChatMessage(message.Role.Value, message.Text));
        }

        return mapped;
    }
}
