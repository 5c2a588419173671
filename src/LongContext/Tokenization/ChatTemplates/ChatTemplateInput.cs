using System.Text.Json;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What a chat template is rendered with.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>The conversation, as the variable <c>messages</c>; null if <see cref="Variables"/> has it.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>Further variables by name, as JSON: <c>messages</c> with tool calls or several parts, <c>tools</c>, <c>enable_thinking</c>, …
    /// They go before the properties here.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>End with the beginning of the assistant's next message. Default true; the variable <c>add_generation_prompt</c>.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>How the vocabulary writes its beginning-of-sequence token; null leaves the variable <c>bos_token</c> undefined.</summary>
    public string? BosToken { get; init; }

    /// <summary>How the vocabulary writes its end-of-sequence token; null leaves the variable <c>eos_token</c> undefined.</summary>
    public string? EosToken { get; init; }

    /// <summary>The clock that templates which write the date ask, in its local time zone. Default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>An input of a JSON object: its members are the template's variables, <c>messages</c> among them.</summary>
    /// <param name="conversation">The object; it must stay readable until the template is rendered.</param>
    /// <exception cref="ChatTemplateException">It is no object.</exception>
    public static ChatTemplateInput FromJson(JsonElement conversation)
    {
        if (conversation.ValueKind != JsonValueKind.Object)
        {
            throw new ChatTemplateException($"A conversation is a JSON object with 'messages', but this is JSON of kind {conversation.ValueKind}.");
        }

        Dictionary<string, JsonElement> variables = new(StringComparer.Ordinal);
        foreach (JsonProperty property in conversation.EnumerateObject())
        {
            variables[InputValues.Text(() => property.Name, "(a name)")] = property.Value;
        }

        return new ChatTemplateInput { Variables = variables };
    }
}
