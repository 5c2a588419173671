using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>How a step's tokens are spread over ranks.</summary>
/// <param name="Partition">Cuts so many tokens for so many ranks.</param>
/// <param name="Placement">Who gets chunks that are not spread.</param>
internal sealed record SequenceParallelLayout(Func<long, int, SequencePartition> Partition, DecodePlacement Placement);
