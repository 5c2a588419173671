using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Rows of x to bfloat16, filled up with zeros to whole steps; a piece is a row.</summary>
internal readonly unsafe struct RoundRowsJob(BF16Kernels kernels, float* x, int features, int steps, WorkerScratch scratch) : IJob
{
    private readonly BF16Kernels _kernels = kernels;
    private readonly float* _x = x;
    private readonly int _features = features;
    private readonly int _steps = steps;
    private readonly WorkerScratch _scratch = scratch;

    public void Execute(int worker, long start, long end)
    {
        float* padded = _scratch[worker];
        int length = _steps * BF16KernelWriter.Step;
        new Span<float>(padded, length).Clear();
        for (long row = start; row < end; row++)
        {
            float* source = _x + (row * _features);
            if (_features != length)
            {
                new ReadOnlySpan<float>(source, _features).CopyTo(new Span<float>(padded, length));
                source = padded;
            }

            _kernels.Round(source, (ushort*)(_scratch.Shared + (row * LinearBF16Job.RowFloats(_steps))), _steps);
        }
    }
}
