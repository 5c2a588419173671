namespace LongContext.Communication;

/// <summary>The elements of a reduction that one rank reduces for all: consecutive, lengths within one of each other.</summary>
/// <param name="Start">First element.</param>
/// <param name="Count">Elements.</param>
internal readonly record struct ReductionPart(long Start, long Count)
{
    /// <summary>Part <paramref name="index"/> of <paramref name="parts"/> over <paramref name="count"/> elements.</summary>
    internal static ReductionPart Of(long count, int index, int parts)
    {
        (long each, long rest) = Math.DivRem(count, parts);
        return new ReductionPart((index * each) + Math.Min(index, rest), each + (index < rest ? 1 : 0));
    }
}
