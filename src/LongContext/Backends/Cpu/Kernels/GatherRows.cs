namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Copies chosen rows; a piece is an output row.</summary>
internal readonly unsafe struct GatherRows(float* source, int* rows, float* output, int columns) : IJob
{
    private readonly float* _source = source;
    private readonly int* _rows = rows;
    private readonly float* _output = output;
    private readonly int _columns = columns;

    internal static void Run(WorkerPool pool, GatherRows job, long count) => pool.Run(ref job, count, 32_768 / Math.Max(job._columns, 1));

    public void Execute(int worker, long start, long end)
    {
        for (long row = start; row < end; row++)
        {
            new ReadOnlySpan<float>(_source + ((long)_rows[row] * _columns), _columns).CopyTo(new Span<float>(_output + (row * _columns), _columns));
        }
    }
}
