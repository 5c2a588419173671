using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Linear over rows of x that lie lane by lane; a piece is a panel of 64 outputs and some of the rows.</summary>
/// <remarks>
/// Tiles take turns lane by lane, a block of rows at a time: what a lane has of the panel stays in the first- or second-level cache for all of the block.
/// Where pairs of bfloat16 are multiplied, a pair is an element.
/// </remarks>
internal readonly unsafe struct LinearTurnedJob(LinearArguments arguments, DType type, BF16Kernels? pairs, int splits, WorkerScratch scratch) : IJob
{
    /// <summary>Rows that take turns.</summary>
    internal const int BlockRows = BlockTiles * TurnedTile.Rows;

    private const int BlockTiles = 8, Outputs = TurnedTile.Outputs, Side = Turning.Side;
    private const int Piece = 256; // features that are decoded at a time: whole blocks of any format
    private const int PieceStride = Piece + Side;

    private readonly LinearArguments _arguments = arguments;
    private readonly DType _type = type;
    private readonly BF16Kernels? _pairs = pairs;
    private readonly int _elements = LinearTurned.Elements(arguments.Features, pairs);
    private readonly int _splits = splits;
    private readonly WorkerScratch _scratch = scratch;

    private long LaneStride => LaneFloats(_elements);

    /// <summary>Floats of scratch a worker needs.</summary>
    internal static long ScratchFloats(int elements) => (Side * LaneFloats(elements)) + (BlockTiles * TurnedTile.SumFloats)
        + (TurnedTile.Rows * Outputs) + Outputs + (Side * PieceStride) + RowDecoder<Simd512, Vector512<float>>.ScratchFloats;

    public void Execute(int worker, long start, long end)
    {
        int tiles = (_arguments.Rows + TurnedTile.Rows - 1) / TurnedTile.Rows;
        float* panel = _scratch[worker];
        float* sums = panel + (Side * LaneStride);
        float* results = sums + (BlockTiles * TurnedTile.SumFloats);
        float* bias = results + (TurnedTile.Rows * Outputs);
        float* piece = bias + Outputs;
        for (long i = start; i < end; i++)
        {
            int first = (int)(i / _splits) * Outputs;
            int outputs = Math.Min(Outputs, _arguments.Outputs - first);
            int part = (int)(i % _splits);
            if (_pairs is null)
            {
                LayOut(first, outputs, panel, piece);
            }
            else
            {
                LayOutPairs(first, outputs, panel, piece);
            }

            new Span<float>(bias, Outputs).Clear();
            if (_arguments.Bias != null)
            {
                new ReadOnlySpan<float>(_arguments.Bias + first, outputs).CopyTo(new(bias, outputs));
            }

            int last = (int)((long)tiles * (part + 1) / _splits);
            for (int tile = (int)((long)tiles * part / _splits); tile < last; tile += BlockTiles)
            {
                Block(tile, Math.Min(tile + BlockTiles, last), first, outputs, panel, sums, bias, results);
            }
        }
    }

    /// <summary>Elements from lane to lane of a panel: a cache line more than it has, so that lanes do not share a place in the cache.</summary>
    private static long LaneFloats(int elements) => ((long)LinearTurned.Steps(elements) * Outputs) + Side;

    private void Block(int firstTile, int endTile, int first, int outputs, float* panel, float* sums, float* bias, float* results)
    {
        long xStride = LinearTurned.RowStride(_elements);
        for (int call = 0; call < TurnedTile.Calls; call++)
        {
            int lane = TurnedTile.Lane(call);
            float* x = _scratch.Shared + (lane * LinearTurned.RowLaneStride(_elements));
            bool isLast = call == TurnedTile.Calls - 1;
            for (int tile = firstTile; tile < endTile;)
            {
                int row = tile * TurnedTile.Rows;
                int rows = _arguments.Rows - row;
                bool isWhole = !isLast || (rows >= TurnedTile.Rows && outputs == Outputs);
                int tiles = _pairs is null || !isWhole ? 1 : Math.Min(endTile - tile, isLast ? rows / TurnedTile.Rows : int.MaxValue);
                float* y = _arguments.Y + ((long)row * _arguments.Outputs) + first;
                Tiles(
                    call, tiles, x + (row * xStride), panel + (lane * LaneStride), sums + ((tile - firstTile) * TurnedTile.SumFloats), bias,
                    isWhole ? y : results, isWhole ? _arguments.Outputs : Outputs);
                for (int r = 0; r < Math.Min(rows, TurnedTile.Rows) && !isWhole; r++)
                {
                    new ReadOnlySpan<float>(results + (r * Outputs), outputs).CopyTo(new(y + ((long)r * _arguments.Outputs), outputs));
                }

                tile += tiles;
            }
        }
    }

    /// <summary>One call of some tiles; of floats, of one.</summary>
    private void Tiles(int call, int tiles, float* x, float* w, float* sums, float* bias, float* y, long yStride)
    {
        (int steps, long xStride) = (LinearTurned.Steps(_elements), LinearTurned.RowStride(_elements));
        if (_pairs is { } kernels)
        {
            TurnedTile.RunPairs(kernels, call, tiles, x, xStride, w, steps, sums, _arguments.Bias == null ? null : bias, y, yStride);
        }
        else
        {
            TurnedTile.Run(call, x, xStride, w, steps, sums, bias, y, yStride);
        }
    }

    /// <summary>Decodes the panel's weights and turns them: [lane][step][output].</summary>
    private void LayOut(int first, int outputs, float* panel, float* piece)
    {
        int n = _elements;
        int whole = n / Side * Side;
        for (int o = 0; o < Outputs; o += Side)
        {
            for (int k = 0; k < whole; k += Piece)
            {
                int count = Math.Min(Piece, whole - k);
                Decode(first + o, outputs - o, k, count, piece);
                for (int step = 0; step < count / Side; step++)
                {
                    Turning.Square(piece + (step * Side), PieceStride, panel + ((long)((k / Side) + step) * Outputs) + o, LaneStride);
                }
            }

            if (n > whole)
            {
                // The last vector ends at the row's end, its first lanes cleared, as tiles along the features have it.
                Decode(first + o, outputs - o, n - Side, Side, piece);
                for (int row = 0; row < Side; row++)
                {
                    new Span<float>(piece + (row * PieceStride), Side - (n - whole)).Clear();
                }

                Turning.Square(piece, PieceStride, panel + ((long)(whole / Side) * Outputs) + o, LaneStride);
            }
        }
    }

    /// <summary>The same of bfloat16 pairs, which need no decoding.</summary>
    private void LayOutPairs(int first, int outputs, float* panel, float* piece)
    {
        for (int o = 0; o < Outputs; o += Side)
        {
            byte* w = _arguments.W + ((first + o) * _arguments.WStride);
            long stride = _arguments.WStride / sizeof(float);
            for (int step = 0; step < LinearTurned.Steps(_elements); step++)
            {
                float* source = (float*)w + ((long)step * Side);
                for (int row = 0; row < Side && outputs - o < Side; row++)
                {
                    Span<float> target = new(piece + (row * PieceStride), Side);
                    target.Clear();
                    new ReadOnlySpan<float>(source + (row * stride), row < outputs - o ? Side : 0).CopyTo(target);
                }

                bool isWhole = outputs - o >= Side;
                Turning.Square(isWhole ? source : piece, isWhole ? stride : PieceStride, panel + ((long)step * Outputs) + o, LaneStride);
            }
        }
    }

    /// <summary>Some features of sixteen outputs, zeros for those that are not there.</summary>
    private void Decode(int output, int outputs, int from, int count, float* piece)
    {
        float* bytes = piece + (Side * PieceStride);
        for (int row = 0; row < Side; row++)
        {
            float* values = piece + (row * PieceStride);
            if (row >= outputs)
            {
                new Span<float>(values, count).Clear();
                continue;
            }

            byte* w = _arguments.W + ((output + row) * _arguments.WStride) + BlockFormat.Of(_type).ByteCount(from);
            RowDecoder<Simd512, Vector512<float>>.Decode(_type, w, values, count, bytes);
        }
    }
}
