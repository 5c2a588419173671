using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace LongContext.Diagnostics;

/// <summary>Refuses sizes that do not fit together, before any work is done. Knows numbers only.</summary>
internal static class ShapeGuard
{
    /// <summary>Refuses an <paramref name="actual"/> size other than the <paramref name="expected"/> one.</summary>
    /// <param name="actual">The size met.</param>
    /// <param name="expected">The size the other operands call for.</param>
    /// <param name="what">What is counted: "output rows", "rows * headDim".</param>
    /// <exception cref="ArgumentException">They differ.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SameLength(long actual, long expected, string what)
    {
        if (actual != expected)
        {
            ThrowLength(actual, expected, what);
        }
    }

    /// <summary>Refuses a half-open range that leaves 0..<paramref name="limit"/>.</summary>
    /// <exception cref="ArgumentException">It does.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Within(long start, long count, long limit, string what)
    {
        if (start < 0 || count < 0 || start > limit - count)
        {
            ThrowRange(start, count, limit, what);
        }
    }

    /// <summary>Refuses what <paramref name="condition"/> does not hold for.</summary>
    /// <exception cref="ArgumentException"><paramref name="condition"/> is false.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Require([DoesNotReturnIf(false)] bool condition, string problem)
    {
        if (!condition)
        {
            Throw(problem);
        }
    }

    /// <summary>Throws <see cref="ArgumentException"/>; kept apart so that the checks are inlined.</summary>
    [DoesNotReturn]
    internal static void Throw(string problem) => throw new ArgumentException(problem);

    [DoesNotReturn]
    private static void ThrowLength(long actual, long expected, string what) =>
        throw new ArgumentException($"There are {actual} {what}, but the other operands call for {expected}.");

    [DoesNotReturn]
    private static void ThrowRange(long start, long count, long limit, string what) =>
        throw new ArgumentException($"{what}: {start}..{start + count} is not within 0..{limit}.");
}
