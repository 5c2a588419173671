using LongContext.Backends;

namespace LongContext.Models;

/// <summary>One step of a warm-up: rows of token 0 at the end of a sequence whose pages are all the cache's first.</summary>
/// <param name="Rows">Rows of the step.</param>
/// <param name="Keys">Tokens of the sequence; what its page holds does not matter, nobody looks at the result.</param>
internal readonly record struct WarmUpStep(int Rows, int Keys)
{
    /// <summary>Columns of the output matrix that a warm-up computes: enough to be shared among threads.</summary>
    internal const int Columns = 4_096;

    private const int LongContext = 16_384; // keys enough to be cut into parts that are merged

    /// <summary>Decode at a short and a long context, chunks at the beginning and later whose rows fill kernels' tiles and leave some over.</summary>
    internal static IReadOnlyList<WarmUpStep> All { get; } = [new(1, 1), new(97, 1_000), new(1, LongContext), new(4, 100), new(47, 47), new(43, 300)];

    /// <summary>The step as index arrays.</summary>
    internal StepInput Input(int pageSize)
    {
        AttentionBatch batch = new() { PageSize = pageSize };
        batch.AddSequence(new int[(Keys + pageSize - 1) / pageSize], Keys, Rows);
        return new StepInput
        {
            TokenIds = new int[Rows],
            Positions = Enumerable.Range(Keys - Rows, Rows).ToArray(),
            OutputRows = new int[1],
            Batch = batch,
        };
    }
}
