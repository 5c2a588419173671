namespace LongContext.Backends.Cpu.Kernels;

/// <summary>A tile whose segments were done apart, to be merged in order.</summary>
/// <param name="Tile">The tile, without a segment.</param>
/// <param name="Partial">Where the first segment's state lies, the others after it.</param>
/// <param name="Segments">How many.</param>
internal readonly record struct AttentionMerge(AttentionUnit Tile, long Partial, int Segments);
