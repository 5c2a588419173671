using LongContext.Scheduling;

namespace LongContext.Engine;

/// <summary>A request for logits of a prompt, or of a continuation that is known; nothing is sampled.</summary>
internal sealed class LogitsRequest(Sequence sequence) : EngineRequest(sequence)
{
    private readonly TaskCompletionSource<IReadOnlyList<float[]>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<float[]> _rows = [];
    private readonly int _wanted = sequence.Logits == LogitPositions.All ? sequence.Length - sequence.DeliveredLogits : 1;

    /// <summary>One row for each position asked for.</summary>
    internal Task<IReadOnlyList<float[]>> Result => _result.Task;

    /// <inheritdoc/>
    internal override bool Accept(Span<float> logits)
    {
        _rows.Add(logits.ToArray());
        return _rows.Count == _wanted;
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
