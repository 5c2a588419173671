using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;

namespace LongContext.Tests.Sessions;

/// <summary>Linear layers on all threads of a worker pool; between two of them each thread throws and catches a null reference.</summary>
internal static class FaultingWorkers
{
    private const int Rows = 7, Features = 256, Outputs = 64;

    // A job is an unmanaged struct: what it needs lies here.
    private static CpuBackend[] s_backends = [];
    private static Tensor[] s_inputs = [], s_outputs = [];
    private static Tensor s_weight;
    private static float[] s_expected = [];
    private static int s_thrown;

    internal static int Thrown => s_thrown;

    /// <summary>Some hundred layers; throws when one of them has other bits than the first.</summary>
    internal static void ComputeAndFault(DType type, int workers)
    {
        float[] input = TestData.Normal(Rows * Features, seed: 4);
        s_weight = TestData.Weight(type, Outputs, Features, seed: 3);
        s_backends = [.. Enumerable.Range(0, workers).Select(_ => new CpuBackend(1, SimdWidths.Choose(), ModelPrecision.Auto))];
        s_inputs = [.. s_backends.Select(b => b.Allocate(DType.F32, new TensorShape(Rows, Features)))];
        s_outputs = [.. s_backends.Select(b => b.Allocate(DType.F32, new TensorShape(Rows, Outputs)))];
        Array.ForEach(s_inputs, x => input.CopyTo(x.HostSpan<float>()));
        s_backends[0].Linear(s_inputs[0], s_weight, default, s_outputs[0]);
        s_expected = s_outputs[0].HostSpan<float>().ToArray();
        using (WorkerPool pool = new(workers))
        {
            LayerAndFault job = default;
            pool.Run(ref job, 400, 1);
        }

        Array.ForEach(s_backends, b => b.Dispose());
        Array.ForEach(s_inputs, t => t.Storage.Dispose());
        Array.ForEach(s_outputs, t => t.Storage.Dispose());
    }

    private readonly struct LayerAndFault : IJob
    {
        public void Execute(int worker, long start, long end)
        {
            s_backends[worker].Linear(s_inputs[worker], s_weight, default, s_outputs[worker]);
            NullReference.ThrowAndCatch();
            Interlocked.Increment(ref s_thrown);
            if (!s_outputs[worker].HostSpan<float>().SequenceEqual(s_expected))
            {
                throw new InvalidOperationException($"worker {worker} computed something else");
            }
        }
    }
}
