using BenchmarkDotNet.Attributes;
using LongContext.Backends.Cpu;
using LongContext.Tensors;

namespace LongContext.Benchmarks;

/// <summary>What does one projection of a 1B model cost, for one decoded token and for a chunk of a prefill?</summary>
/// <remarks>2,048 to 2,048 features. At one token the weight's bytes bound it, at 512 the arithmetic: 4.3 GFLOP.</remarks>
[MemoryDiagnoser] // a kernel allocates nothing: the column must read "-"
public class LinearBenchmarks
{
    private const int Features = 2_048;
    private CpuBackend _backend = null!;
    private Tensor _input, _weight, _output;

    /// <summary>Rows of the input.</summary>
    [Params(1, 512)]
    public int Tokens { get; set; }

    /// <summary>The weight's type.</summary>
    [Params(DType.F32, DType.BF16, DType.Q8_0)]
    public DType Weight { get; set; }

    /// <summary>Makes the operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _backend = new CpuBackend();
        _input = RandomTensors.Create(DType.F32, new TensorShape(Tokens, Features), seed: 1);
        _weight = _backend.ImportWeight(RandomTensors.Create(Weight, new TensorShape(Features, Features), seed: 2));
        _output = _backend.Allocate(DType.F32, new TensorShape(Tokens, Features));
    }

    /// <summary>Ends the workers.</summary>
    [GlobalCleanup]
    public void Cleanup() => _backend.Dispose();

    /// <summary>output = input · weightᵀ.</summary>
    [Benchmark]
    public void Linear() => _backend.Linear(_input, _weight, default, _output);
}
