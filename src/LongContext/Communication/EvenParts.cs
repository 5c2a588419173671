namespace LongContext.Communication;

/// <summary>Cuts a length into consecutive parts whose lengths are within one of each other, the longer ones first.</summary>
internal static class EvenParts
{
    /// <summary>Part <paramref name="index"/> of <paramref name="parts"/> of <paramref name="length"/>.</summary>
    internal static (long Start, long Count) Of(long length, int index, int parts)
    {
        (long each, long rest) = Math.DivRem(length, parts);
        return ((index * each) + Math.Min(index, rest), each + (index < rest ? 1 : 0));
    }
}
