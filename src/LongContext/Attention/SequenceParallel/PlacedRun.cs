using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Consecutive rows of one rank in one pass.</summary>
/// <param name="Chunk">Index among the step's chunks.</param>
/// <param name="Run">Positions in the sequence.</param>
internal readonly record struct PlacedRun(int Chunk, TokenRun Run);
