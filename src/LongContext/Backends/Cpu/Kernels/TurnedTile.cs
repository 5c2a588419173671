using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Register tiles of <c>y = x · wᵀ + bias</c>, lanes along the outputs: six rows by 64 outputs, one sixteenth of the features at a time.</summary>
/// <remarks>
/// <see cref="LinearTile{TSimd,TVec,TElement}"/> makes every element of y of sixteen sums, one a lane, and adds those up in pairs: lane l and l + 8, then those
/// with l + 4, l + 2, l + 1. Here a call advances one of the sixteen, for all elements of the tile, first feature to last. Called in the order of
/// <see cref="Lane"/>, every call's sums meet those they pair with, and the last call has all: the same operations, the same bits, but no sums across
/// lanes, and of x one number is read where the other form reads sixteen.
/// </remarks>
internal static unsafe class TurnedTile
{
    /// <summary>Rows of a tile, generated or not.</summary>
    internal const int Rows = BF16TurnedWriter.Rows;

    /// <summary>Outputs of a tile: four vectors.</summary>
    internal const int Outputs = BF16TurnedWriter.Outputs;

    /// <summary>Calls that make a tile.</summary>
    internal const int Calls = 16;

    /// <summary>Floats of the sums that wait for the calls they pair with.</summary>
    internal const int SumFloats = 4 * Waiting;

    private const int Width = 16, Waiting = Rows * Outputs;

    /// <summary>The lane whose sums call <paramref name="call"/> makes: its bits in reverse order.</summary>
    internal static int Lane(int call) => ((call & 1) << 3) | ((call & 2) << 1) | ((call & 4) >> 1) | ((call & 8) >> 3);

    /// <summary>One call as of <see cref="Run"/> for <paramref name="tiles"/> tiles by <paramref name="kernels"/>, over pairs of bfloat16, an element of x or w a pair; bias may be null.</summary>
    internal static void RunPairs(
        BF16Kernels kernels, int call, int tiles, float* x, long xStride, float* w, int steps, float* sums, float* bias, float* y, long yStride)
    {
        bool isLast = call == Calls - 1;
        int joined = BitOperations.TrailingZeroCount(~call);
        kernels.DotTurned(new TurnedDotArguments
        {
            X = x,
            XStride = xStride * sizeof(float),
            W = w,
            Steps = steps,
            Tiles = tiles,
            Sums = sums,
            SumsStride = SumFloats * sizeof(float),
            Joined = joined,
            Y = isLast ? y : sums + (joined * Waiting),
            YStride = (isLast ? yStride : Outputs) * sizeof(float),
            YTileStride = (isLast ? Rows * yStride : SumFloats) * sizeof(float),
        });
        for (int row = 0; row < Rows * tiles && isLast && bias != null; row++, y += yStride)
        {
            for (int o = 0; o < Outputs; o += Width)
            {
                (Vector512.Load(y + o) + Vector512.Load(bias + o)).Store(y + o);
            }
        }
    }

    /// <summary>One call.</summary>
    /// <param name="call">0 to 15, in order.</param>
    /// <param name="x">The first row's features of the lane.</param>
    /// <param name="xStride">Elements from row to row.</param>
    /// <param name="w">[steps, 64], the lane's features of each output.</param>
    /// <param name="steps">Features of the lane.</param>
    /// <param name="sums">[<see cref="SumFloats"/>], the tile's own from its first call to its last.</param>
    /// <param name="bias">[64].</param>
    /// <param name="y">The first row's first output, written by the last call.</param>
    /// <param name="yStride">Elements from row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int call, float* x, long xStride, float* w, int steps, float* sums, float* bias, float* y, long yStride)
    {
        float* x1 = x + xStride;
        float* x2 = x + (2 * xStride);
        float* x3 = x + (3 * xStride);
        float* x4 = x + (4 * xStride);
        float* x5 = x + (5 * xStride);
        Vector512<float> zero = Vector512<float>.Zero;
        Vector512<float> s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        Vector512<float> s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        Vector512<float> s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        Vector512<float> s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        Vector512<float> s40 = zero, s41 = zero, s42 = zero, s43 = zero;
        Vector512<float> s50 = zero, s51 = zero, s52 = zero, s53 = zero;
        for (long k = 0; k < steps; k++)
        {
            Vector512<float> v0 = Vector512.Load(w);
            Vector512<float> v1 = Vector512.Load(w + Width);
            Vector512<float> v2 = Vector512.Load(w + (2 * Width));
            Vector512<float> v3 = Vector512.Load(w + (3 * Width));
            w += Outputs;
            Vector512<float> u = Vector512.Create(x[k]);
            s00 = Vector512.FusedMultiplyAdd(u, v0, s00);
            s01 = Vector512.FusedMultiplyAdd(u, v1, s01);
            s02 = Vector512.FusedMultiplyAdd(u, v2, s02);
            s03 = Vector512.FusedMultiplyAdd(u, v3, s03);
            u = Vector512.Create(x1[k]);
            s10 = Vector512.FusedMultiplyAdd(u, v0, s10);
            s11 = Vector512.FusedMultiplyAdd(u, v1, s11);
            s12 = Vector512.FusedMultiplyAdd(u, v2, s12);
            s13 = Vector512.FusedMultiplyAdd(u, v3, s13);
            u = Vector512.Create(x2[k]);
            s20 = Vector512.FusedMultiplyAdd(u, v0, s20);
            s21 = Vector512.FusedMultiplyAdd(u, v1, s21);
            s22 = Vector512.FusedMultiplyAdd(u, v2, s22);
            s23 = Vector512.FusedMultiplyAdd(u, v3, s23);
            u = Vector512.Create(x3[k]);
            s30 = Vector512.FusedMultiplyAdd(u, v0, s30);
            s31 = Vector512.FusedMultiplyAdd(u, v1, s31);
            s32 = Vector512.FusedMultiplyAdd(u, v2, s32);
            s33 = Vector512.FusedMultiplyAdd(u, v3, s33);
            u = Vector512.Create(x4[k]);
            s40 = Vector512.FusedMultiplyAdd(u, v0, s40);
            s41 = Vector512.FusedMultiplyAdd(u, v1, s41);
            s42 = Vector512.FusedMultiplyAdd(u, v2, s42);
            s43 = Vector512.FusedMultiplyAdd(u, v3, s43);
            u = Vector512.Create(x5[k]);
            s50 = Vector512.FusedMultiplyAdd(u, v0, s50);
            s51 = Vector512.FusedMultiplyAdd(u, v1, s51);
            s52 = Vector512.FusedMultiplyAdd(u, v2, s52);
            s53 = Vector512.FusedMultiplyAdd(u, v3, s53);
        }

        bool isLast = call == Calls - 1;
        for (; (call & 1) != 0; call >>= 1)
        {
            s00 += Vector512.Load(sums);
            s01 += Vector512.Load(sums + Width);
            s02 += Vector512.Load(sums + (2 * Width));
            s03 += Vector512.Load(sums + (3 * Width));
            s10 += Vector512.Load(sums + (4 * Width));
            s11 += Vector512.Load(sums + (5 * Width));
            s12 += Vector512.Load(sums + (6 * Width));
            s13 += Vector512.Load(sums + (7 * Width));
            s20 += Vector512.Load(sums + (8 * Width));
            s21 += Vector512.Load(sums + (9 * Width));
            s22 += Vector512.Load(sums + (10 * Width));
            s23 += Vector512.Load(sums + (11 * Width));
            s30 += Vector512.Load(sums + (12 * Width));
            s31 += Vector512.Load(sums + (13 * Width));
            s32 += Vector512.Load(sums + (14 * Width));
            s33 += Vector512.Load(sums + (15 * Width));
            s40 += Vector512.Load(sums + (16 * Width));
            s41 += Vector512.Load(sums + (17 * Width));
            s42 += Vector512.Load(sums + (18 * Width));
            s43 += Vector512.Load(sums + (19 * Width));
            s50 += Vector512.Load(sums + (20 * Width));
            s51 += Vector512.Load(sums + (21 * Width));
            s52 += Vector512.Load(sums + (22 * Width));
            s53 += Vector512.Load(sums + (23 * Width));
            sums += Waiting;
        }

        if (!isLast)
        {
            s00.Store(sums);
            s01.Store(sums + Width);
            s02.Store(sums + (2 * Width));
            s03.Store(sums + (3 * Width));
            s10.Store(sums + (4 * Width));
            s11.Store(sums + (5 * Width));
            s12.Store(sums + (6 * Width));
            s13.Store(sums + (7 * Width));
            s20.Store(sums + (8 * Width));
            s21.Store(sums + (9 * Width));
            s22.Store(sums + (10 * Width));
            s23.Store(sums + (11 * Width));
            s30.Store(sums + (12 * Width));
            s31.Store(sums + (13 * Width));
            s32.Store(sums + (14 * Width));
            s33.Store(sums + (15 * Width));
            s40.Store(sums + (16 * Width));
            s41.Store(sums + (17 * Width));
            s42.Store(sums + (18 * Width));
            s43.Store(sums + (19 * Width));
            s50.Store(sums + (20 * Width));
            s51.Store(sums + (21 * Width));
            s52.Store(sums + (22 * Width));
            s53.Store(sums + (23 * Width));
            return;
        }

        Vector512<float> b0 = Vector512.Load(bias);
        Vector512<float> b1 = Vector512.Load(bias + Width);
        Vector512<float> b2 = Vector512.Load(bias + (2 * Width));
        Vector512<float> b3 = Vector512.Load(bias + (3 * Width));
        (s00 + b0).Store(y);
        (s01 + b1).Store(y + Width);
        (s02 + b2).Store(y + (2 * Width));
        (s03 + b3).Store(y + (3 * Width));
        y += yStride;
        (s10 + b0).Store(y);
        (s11 + b1).Store(y + Width);
        (s12 + b2).Store(y + (2 * Width));
        (s13 + b3).Store(y + (3 * Width));
        y += yStride;
        (s20 + b0).Store(y);
        (s21 + b1).Store(y + Width);
        (s22 + b2).Store(y + (2 * Width));
        (s23 + b3).Store(y + (3 * Width));
        y += yStride;
        (s30 + b0).Store(y);
        (s31 + b1).Store(y + Width);
        (s32 + b2).Store(y + (2 * Width));
        (s33 + b3).Store(y + (3 * Width));
        y += yStride;
        (s40 + b0).Store(y);
        (s41 + b1).Store(y + Width);
        (s42 + b2).Store(y + (2 * Width));
        (s43 + b3).Store(y + (3 * Width));
        y += yStride;
        (s50 + b0).Store(y);
        (s51 + b1).Store(y + Width);
        (s52 + b2).Store(y + (2 * Width));
        (s53 + b3).Store(y + (3 * Width));
    }
}
