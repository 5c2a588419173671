using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Linear by tile registers over rows that <see cref="AmxRowsJob"/> wrote; a piece is some panels of 32 outputs.</summary>
internal readonly unsafe struct LinearAmxJob(
    AmxKernels kernels, LinearArguments arguments, DType type, int steps, int blockSteps, int panels, WorkerScratch scratch) : IJob
{
    private const int Step = AmxProductWriter.Step, Width = AmxProductWriter.Width, Lanes = 16;
    private const int SumFloats = Width * Width;

    private readonly AmxKernels _kernels = kernels;
    private readonly LinearArguments _arguments = arguments;
    private readonly DType _type = type;
    private readonly int _steps = steps;
    private readonly int _blockSteps = blockSteps;
    private readonly int _panels = panels;
    private readonly WorkerScratch _scratch = scratch;

    private bool IsCut => _steps > _blockSteps;

    /// <summary>Floats of scratch a worker needs: weights, one decoded row and what decoding wants, sums of the rows that wait for more features.</summary>
    internal static long ScratchFloats(int steps, int blockSteps, int panels, int rows) =>
        AmxWeights.ScratchFloats(blockSteps, panels) + (panels * (long)SumFloats * (steps > blockSteps ? RowPanels(rows) : 1));

    public void Execute(int worker, long start, long end)
    {
        for (long piece = start; piece < end; piece++)
        {
            int first = (int)piece * _panels * Width;
            int outputs = Math.Min(_panels * Width, _arguments.Outputs - first);
            int panels = (outputs + Width - 1) / Width;
            AmxWeights weights = new(_scratch[worker], _type, _blockSteps, _panels);
            float* sums = _scratch[worker] + AmxWeights.ScratchFloats(_blockSteps, _panels);
            for (int step = 0; step < _steps; step += _blockSteps)
            {
                weights.Pack(_arguments, first, outputs, step);
                Rows(weights, sums, first, outputs, panels, step);
            }
        }
    }

    private static int RowPanels(int rows) => (rows + Width - 1) / Width;

    /// <summary>All rows by the weights of some steps.</summary>
    private void Rows(in AmxWeights weights, float* sums, int first, int outputs, int panels, int step)
    {
        int rows = _arguments.Rows;
        int count = Math.Min(_blockSteps, _steps - step);
        byte* x = (byte*)_scratch.Shared;
        for (int row = 0; row < rows; row += Width)
        {
            bool hasNext = row + Width < rows;
            AmxProductArguments product = new()
            {
                Weights = weights.Tiles,
                Rows = x + AmxRowsJob.Offset(rows, row, _steps, step),
                Fours = count / 4,
                Rest = count % 4,
                Panels = panels,
                Sums = sums + (IsCut ? (long)row / Width * panels * SumFloats : 0),
                IsContinued = step,
                Ahead = x + AmxRowsJob.Offset(rows, hasNext ? row + Width : row, _steps, step),
                AheadStep = hasNext ? 256 : 0, // the next rows come from a farther cache: a piece of 8 panels fetches them all
            };
            _kernels.Multiply(AmxRowsJob.Tiles(rows, row), product);
            if (step + count == _steps)
            {
                Write(product.Sums, row, Math.Min(Width, rows - row), first, outputs);
            }
        }
    }

    /// <summary>Turns sums to rows of y and adds the bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(float* sums, int firstRow, int rows, int firstOutput, int outputs)
    {
        const long width = Width * sizeof(float);
        long stride = _arguments.Outputs * (long)sizeof(float);
        float* rest = stackalloc float[Lanes * Lanes];
        for (int row = 0; row < rows; row += Lanes)
        {
            for (int output = 0; output < outputs; output += Lanes)
            {
                byte* source = (byte*)(sums + (output * Width) + row);
                float* y = _arguments.Y + ((long)(firstRow + row) * _arguments.Outputs) + firstOutput + output;
                float* bias = _arguments.Bias == null ? null : _arguments.Bias + firstOutput + output;
                int count = Math.Min(Lanes, outputs - output);
                if (count == Lanes && row + Lanes <= rows)
                {
                    BF16Lanes.Turn(source, width, (byte*)y, stride, bias);
                    continue;
                }

                BF16Lanes.Turn(source, width, (byte*)rest, Lanes * sizeof(float));
                for (int i = 0; i < Math.Min(Lanes, rows - row); i++)
                {
                    for (int lane = 0; lane < count; lane++)
                    {
                        y[((long)i * _arguments.Outputs) + lane] = rest[(i * Lanes) + lane] + (bias == null ? 0 : bias[lane]);
                    }
                }
            }
        }
    }
}
