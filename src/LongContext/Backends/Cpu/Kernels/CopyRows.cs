namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Copies part of each row: column ranges (CopyColumns) and chosen rows (GatherRows); a piece is an output row.</summary>
internal readonly unsafe struct CopyRows(float* source, long sourceStride, int* rows, float* output, int columns) : IJob
{
    private readonly float* _source = source;
    private readonly long _sourceStride = sourceStride;
    private readonly int* _rows = rows; // null: every row in order
    private readonly float* _output = output;
    private readonly int _columns = columns;

    internal static void Run(WorkerPool pool, CopyRows job, long count) => pool.Run(ref job, count, 32_768 / Math.Max(job._columns, 1));

    public void Execute(int worker, long start, long end)
    {
        for (long row = start; row < end; row++)
        {
            long from = _rows == null ? row : _rows[row];
            new ReadOnlySpan<float>(_source + (from * _sourceStride), _columns).CopyTo(new Span<float>(_output + (row * _columns), _columns));
        }
    }
}
