using System.Runtime.CompilerServices;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>A page of bytes back as F32 in <see cref="KVPageLayout.Rows"/>, keys still turned: what plain kernels read.</summary>
internal static unsafe class CodePage
{
    /// <summary>Widens keys <paramref name="start"/> to <paramref name="end"/> of a page.</summary>
    /// <param name="a">The layer.</param>
    /// <param name="page">The page.</param>
    /// <param name="head">Key/value head.</param>
    /// <param name="start">First key wanted.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="keys">[headDim, pageSize]; keys that are not wanted become 0.</param>
    /// <param name="values">[pageSize, paddedHeadDim]; only those wanted are written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Widen(in AttentionArguments a, int page, int head, int start, int end, float* keys, float* values)
    {
        byte* codes = a.Pages.Keys(page, head);
        float* scales = a.Pages.Scales(page, head);
        for (int d = 0; d < a.HeadDim; d++)
        {
            byte* row = codes + (d / 4 * 4L * a.PageSize) + (d % 4);
            float* target = keys + ((long)d * a.PageSize);
            new Span<float>(target, start).Clear();
            for (int t = start; t < end; t++)
            {
                target[t] = (row[4 * t] - HeadCodes.KeyOffset) * scales[t];
            }

            new Span<float>(target + end, a.PageSize - end).Clear();
        }

        sbyte* bytes = (sbyte*)a.Pages.Values(page, head);
        float* inverses = scales + (2 * a.PageSize);
        for (int t = start; t < end; t++)
        {
            (int part, int line) = Math.DivRem(t, a.PageSize / 4);
            sbyte* source = bytes + (line * 4L * a.PaddedHeadDim) + part;
            float* target = values + ((long)t * a.PaddedHeadDim);
            float scale = 1 / inverses[t];
            for (int d = 0; d < a.PaddedHeadDim; d++)
            {
                target[d] = source[4 * d] * scale;
            }
        }
    }
}
