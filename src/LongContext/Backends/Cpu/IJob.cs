namespace LongContext.Backends.Cpu;

/// <summary>Work in numbered, independent pieces, for <see cref="WorkerPool"/>. An unmanaged struct: starting a job allocates nothing.</summary>
internal interface IJob
{
    /// <summary>Does pieces <paramref name="start"/> to <paramref name="end"/> − 1; runs on many threads at once.</summary>
    /// <param name="worker">0 for the calling thread, up to the pool's count − 1: which scratch memory to use.</param>
    /// <param name="start">First piece.</param>
    /// <param name="end">One past the last piece.</param>
    void Execute(int worker, long start, long end);
}
