using LongContext.Scheduling;

namespace LongContext.Engine;

/// <summary>A request for a prompt's logits; nothing is sampled.</summary>
internal sealed class LogitsRequest(Sequence sequence) : EngineRequest(sequence)
{
    private readonly TaskCompletionSource<IReadOnlyList<float[]>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<float[]> _rows = [];

    /// <summary>One row for each position asked for.</summary>
    internal Task<IReadOnlyList<float[]>> Result => _result.Task;

    /// <inheritdoc/>
    internal override bool Accept(Span<float> logits)
    {
        _rows.Add(logits.ToArray());
        return _rows.Count == (Sequence.Logits == LogitPositions.All ? Sequence.PromptLength : 1);
    }

    /// <inheritdoc/>
    protected override void OnEnded(Exception? error)
    {
        switch (error)
        {
            case null:
                _result.SetResult(_rows);
                break;
            case OperationCanceledException:
                _result.SetCanceled();
                break;
            default:
                _result.SetException(error);
                break;
        }
    }
}
