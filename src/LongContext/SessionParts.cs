using LongContext.Engine;
using LongContext.Tokenization;

namespace LongContext;

/// <summary>What a session is made of.</summary>
internal sealed record SessionParts
{
    /// <summary>What the model is.</summary>
    internal required ModelInfo Model { get; init; }

    /// <summary>Encodes prompts and decodes new tokens.</summary>
    internal required ITokenizer Tokenizer { get; init; }

    /// <summary>Runs; owned by the session.</summary>
    internal required InferenceEngine Engine { get; init; }

    /// <summary>The longest prompt plus output, in tokens.</summary>
    internal required int ContextLength { get; init; }

    /// <summary>Memory of a session with another context length.</summary>
    internal required Func<int, MemoryEstimate> EstimateMemory { get; init; }

    /// <summary>The model's chat template; null if it has none.</summary>
    internal Func<IReadOnlyList<ChatMessage>, string>? RenderChat { get; init; }

    /// <summary>The method that a prompt is read with, by the lengths of its context and of all of it.</summary>
    internal Func<int, int, AttentionMethod> MethodFor { get; init; } = (_, _) => AttentionMethod.Full;

    /// <summary>For the timings.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
