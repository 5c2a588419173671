using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias for many rows: x and, a panel of 64 outputs at a time, w are laid out for <see cref="TurnedTile"/> first.</summary>
internal static unsafe class LinearTurned
{
    private const int FewestRows = 96; // from here on laying weights out costs less than it saves
    private const int FewestRowsInPlace = 192; // where tiles along the features do well: BF16, half the bytes, and rows that the first-level cache holds
    private const int FewestFeatures = 512, ShortFeatures = 1024;
    private const int MostFeatures = 32_768; // bounds a worker's panel: 8 MB
    private const int RowBlock = 88 * TurnedTile.Rows; // rows that are laid out at a time: bounds the scratch

    /// <summary>Whether this way is there and the fastest.</summary>
    internal static bool Suits<TSimd, TVec>(DType type, in LinearArguments a)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct =>
        TSimd.Width == Turning.Side && Avx512F.IsSupported
        && a.Rows >= (type == DType.BF16 || a.Features <= ShortFeatures ? FewestRowsInPlace : FewestRows)
        && Fits(a);

    /// <summary>The same for products of bfloat16 pairs.</summary>
    internal static bool SuitsPairs(DType type, in LinearArguments a) =>
        type == DType.BF16 && Avx512F.IsSupported && a.Rows >= FewestRows && Fits(a) && a.Features % BF16KernelWriter.Step == 0;

    /// <summary>Multiplies.</summary>
    /// <param name="pool">Who works.</param>
    /// <param name="scratch">For both layouts.</param>
    /// <param name="type">Of the weights.</param>
    /// <param name="pairs">Where operands are rounded to bfloat16.</param>
    /// <param name="a">The operands.</param>
    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, DType type, BF16Kernels? pairs, in LinearArguments a)
    {
        int elements = Elements(a.Features, pairs);
        int parts = (a.Rows + RowBlock - 1) / RowBlock;
        int chunk = WholeTiles((a.Rows + parts - 1) / parts);
        long panels = (a.Outputs + (TurnedTile.Outputs - 1L)) / TurnedTile.Outputs;
        WorkerScratch shares = new(scratch, pool.Count, LinearTurnedJob.ScratchFloats(elements), shared: chunk * RowStride(elements));
        for (int row = 0; row < a.Rows; row += chunk)
        {
            LinearArguments part = a;
            part.X += (long)row * a.Features;
            part.Y += (long)row * a.Outputs;
            part.Rows = Math.Min(a.Rows - row, chunk);
            TurnRowsJob turn = new(part, pairs, shares);
            pool.Run(ref turn, WholeTiles(part.Rows), 16_384 / a.Features);
            int splits = (int)Math.Clamp(4L * pool.Count / panels, 1, Math.Max(part.Rows / LinearTurnedJob.BlockRows, 1));
            LinearTurnedJob job = new(part, type, pairs, splits, shares);
            pool.Run(ref job, panels * splits, 1);
        }
    }

    /// <summary>What <paramref name="features"/> are in elements: pairs of bfloat16, or features.</summary>
    internal static int Elements(int features, BF16Kernels? pairs) => pairs is null ? features : features / 2;

    /// <summary>Elements of a lane.</summary>
    internal static int Steps(int elements) => (elements + Turning.Side - 1) / Turning.Side;

    /// <summary>Elements from lane to lane of a row of x.</summary>
    internal static long RowLaneStride(int elements) => (Steps(elements) + Turning.Side - 1) / Turning.Side * Turning.Side;

    /// <summary>Elements from row to row of x: a cache line more than the lanes, so that neighbours do not share a place in the cache.</summary>
    internal static long RowStride(int elements) => (Turning.Side * RowLaneStride(elements)) + Turning.Side;

    private static bool Fits(in LinearArguments a) => a.Outputs >= TurnedTile.Outputs && a.Features is >= FewestFeatures and <= MostFeatures;

    private static int WholeTiles(int rows) => (rows + TurnedTile.Rows - 1) / TurnedTile.Rows * TurnedTile.Rows;
}
