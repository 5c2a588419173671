using Microsoft.Extensions.AI;

namespace LongContext.Extensions.AI;

/// <summary>From chat options to generation options. Ranges are checked by the session.</summary>
internal static class OptionsMapping
{
    internal static GenerationOptions Map(ChatOptions? options, IChatClient client, GenerationOptions defaults)
    {
        if (options is null)
        {
            return defaults;
        }

        Refuse(options);
        GenerationOptions start = options.RawRepresentationFactory?.Invoke(client) switch
        {
            null => defaults,
            GenerationOptions given => given,
            object other => throw new InvalidRequestException(
                "ChatOptions.RawRepresentationFactory", other.GetType(), $"a factory of {nameof(GenerationOptions)}"),
        };
        return start with
        {
            MaxNewTokens = options.MaxOutputTokens ?? start.MaxNewTokens,
            StopSequences = options.StopSequences is null ? start.StopSequences : [.. options.StopSequences],
            Sampling = start.Sampling with
            {
                Temperature = options.Temperature ?? start.Sampling.Temperature,
                TopK = options.TopK ?? start.Sampling.TopK,
                TopP = options.TopP ?? start.Sampling.TopP,
                PresencePenalty = options.PresencePenalty ?? start.Sampling.PresencePenalty,
                FrequencyPenalty = options.FrequencyPenalty ?? start.Sampling.FrequencyPenalty,
                Seed = options.Seed is { } seed ? unchecked((ulong)seed) : start.Sampling.Seed,
            },
        };
    }

    private static void Refuse(ChatOptions options)
    {
        if (options.Tools is { Count: > 0 } tools)
        {
            throw new InvalidRequestException("ChatOptions.Tools", $"a list of {tools.Count}", "empty: tools are not supported");
        }

        if (options.ResponseFormat is not (null or ChatResponseFormatText))
        {
            throw new InvalidRequestException(
                "ChatOptions.ResponseFormat", options.ResponseFormat.GetType().Name, "text: structured output is not supported");
        }

        if (options.ConversationId is not null)
        {
            throw new InvalidRequestException("ChatOptions.ConversationId", options.ConversationId, "null: send the whole conversation");
        }
    }
}
