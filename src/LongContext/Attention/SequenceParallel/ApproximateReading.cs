namespace LongContext.Attention.SequenceParallel;

/// <summary>Which prompts are read approximately, and how: a function of their lengths, the options and the model's sizes alone.</summary>
/// <param name="method">Star or APB.</param>
/// <param name="options">Validated.</param>
/// <param name="model">The model's sizes.</param>
/// <param name="pageSize">Slots of a page.</param>
internal sealed class ApproximateReading(AttentionMethod method, ApproximateAttentionOptions options, AttentionModel model, int pageSize)
{
    private const double WorthIt = 0.9; // of exact attention's operations: less is not worth an approximation

    /// <summary>How a prompt is read; null: with full attention, because it is short or nothing would be gained.</summary>
    internal PrefillGeometry? For(int contextLength, int promptLength)
    {
        contextLength = PrefillGeometry.ContextOf(options, contextLength, promptLength);
        if (contextLength < 1 || contextLength < options.MinimumLength)
        {
            return null;
        }

        PrefillGeometry geometry = PrefillGeometry.For(method, options, contextLength, promptLength, pageSize);
        bool pays = options.MinimumLength is not null
            || PrefillWork.OneMachine(geometry).Flops(model) <= WorthIt * PrefillWork.Full(contextLength).Flops(model);
        return geometry.Blocks.Count > 1 && pays ? geometry : null;
    }

    /// <summary>The method that a prompt's context is read with.</summary>
    internal AttentionMethod MethodFor(int contextLength, int promptLength) =>
        For(contextLength, promptLength) is null ? AttentionMethod.Full : method;
}
