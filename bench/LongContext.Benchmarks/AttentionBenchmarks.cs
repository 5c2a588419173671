using BenchmarkDotNet.Attributes;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;

namespace LongContext.Benchmarks;

/// <summary>What does one layer's attention cost over a long context, for one decoded token and for a chunk of a prefill?</summary>
/// <remarks>32 query heads, 8 key/value heads of 64 features, a BF16 cache; the rows are the context's last ones.</remarks>
[MemoryDiagnoser]
public class AttentionBenchmarks
{
    private const int PageSize = 64, QHeads = 32, KVHeads = 8, HeadDim = 64;
    private readonly AttentionParameters _parameters = new(0.125f);
    private CpuBackend _backend = null!;
    private KVCacheStorage _cache = null!;
    private AttentionPlan _plan = null!;
    private Tensor _q, _output;

    /// <summary>Query rows.</summary>
    [Params(1, 256)]
    public int Tokens { get; set; }

    /// <summary>Cached tokens, the rows' own included.</summary>
    [Params(4_096, 32_768)]
    public int Context { get; set; }

    /// <summary>The arithmetic.</summary>
    [Params(ModelPrecision.Float32, ModelPrecision.Auto)]
    public ModelPrecision Precision { get; set; }

    /// <summary>Fills the cache.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _backend = new CpuBackend(precision: Precision);
        int[] pages = [.. Enumerable.Range(0, Context / PageSize)];
        _cache = _backend.AllocateKVCache(new KVCacheShape(1, pages.Length, PageSize, KVHeads, HeadDim, DType.BF16));
        _plan = _backend.CreatePlan();

        AttentionBatch all = new() { PageSize = PageSize };
        all.AddSequence(pages, Context, Context);
        _backend.Plan(_plan, all);
        Tensor k = RandomTensors.Create(DType.F32, new TensorShape(Context, KVHeads, HeadDim), seed: 1);
        Tensor v = RandomTensors.Create(DType.F32, new TensorShape(Context, KVHeads, HeadDim), seed: 2);
        _backend.AppendKV(k, v, _cache, 0, _plan);
        k.Storage.Dispose();
        v.Storage.Dispose();

        AttentionBatch last = new() { PageSize = PageSize };
        last.AddSequence(pages, Context, Tokens);
        last.AddItem(new AttentionItem(0, 0, Tokens, 0, Context, AttentionMask.Causal, Context - Tokens));
        _backend.Plan(_plan, last);
        _q = RandomTensors.Create(DType.F32, new TensorShape(Tokens, QHeads, HeadDim), seed: 3);
        _output = _backend.Allocate(DType.F32, new TensorShape(Tokens, QHeads, HeadDim));
    }

    /// <summary>Frees the cache.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _cache.Dispose();
        _plan.Dispose();
        _backend.Dispose();
    }

    /// <summary>Attention of the rows over the whole context.</summary>
    [Benchmark]
    public void Attention() => _backend.Attention(_q, _cache, 0, _plan, _parameters, _output, default);
}
