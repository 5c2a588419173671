using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Rows of x lane by lane: all that one lane of a vector would meet, then the next lane's; a piece is a row.</summary>
/// <remarks>With kernels for pairs, rows are rounded to bfloat16 first, and two features are an element.</remarks>
internal readonly unsafe struct TurnRowsJob(LinearArguments arguments, BF16Kernels? pairs, WorkerScratch scratch) : IJob
{
    private readonly LinearArguments _arguments = arguments;
    private readonly BF16Kernels? _pairs = pairs;
    private readonly WorkerScratch _scratch = scratch;

    public void Execute(int worker, long start, long end)
    {
        int n = LinearTurned.Elements(_arguments.Features, _pairs);
        int whole = n / Turning.Side; // vectors
        long laneStride = LinearTurned.RowLaneStride(n);
        float* piece = stackalloc float[Turning.Side * Turning.Side];
        for (long row = start; row < end; row++)
        {
            float* target = _scratch.Shared + (row * LinearTurned.RowStride(n));
            if (row >= _arguments.Rows)
            {
                new Span<float>(target, checked((int)LinearTurned.RowStride(n))).Clear(); // fills up the last tile
                continue;
            }

            float* source = _arguments.X + (row * _arguments.Features);
            if (_pairs is { } kernels)
            {
                float* rounded = _scratch[worker];
                kernels.Round(source, (ushort*)rounded, _arguments.Features / BF16KernelWriter.Step);
                source = rounded;
            }

            int step = 0;
            for (; step + Turning.Side <= whole; step += Turning.Side)
            {
                Turning.Square(source + (step * Turning.Side), Turning.Side, target + step, laneStride);
            }

            if (step < LinearTurned.Steps(n))
            {
                new Span<float>(piece, Turning.Side * Turning.Side).Clear();
                int rest = (whole - step) * Turning.Side;
                new ReadOnlySpan<float>(source + (step * Turning.Side), rest).CopyTo(new(piece, rest));
                int last = n - (whole * Turning.Side);
                new ReadOnlySpan<float>(source + n - last, last).CopyTo(new(piece + rest + Turning.Side - last, last)); // the last lanes, as tiles have it
                Turning.Square(piece, Turning.Side, target + step, laneStride);
            }
        }
    }
}
