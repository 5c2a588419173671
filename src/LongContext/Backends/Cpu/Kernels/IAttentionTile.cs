namespace LongContext.Backends.Cpu.Kernels;

/// <summary>A tile of query rows that can attend to a stretch of keys within one segment.</summary>
internal interface IAttentionTile
{
    /// <summary>Sets <paramref name="state"/> to the rows' attention over keys <paramref name="start"/> to <paramref name="end"/>.</summary>
    void Attend(in AttentionState state, int start, int end);
}
