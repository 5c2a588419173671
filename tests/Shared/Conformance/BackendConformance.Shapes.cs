using LongContext.Backends;
using LongContext.Tensors;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

internal abstract partial class BackendConformance
{
    [Test]
    public void Operations_ShapesThatDoNotFit_AreRefused()
    {
        (Tensor a, Tensor b, Tensor cube) = (Empty(new TensorShape(2, 8)), Empty(new TensorShape(3, 8)), Empty(new TensorShape(2, 3, 8)));
        (Tensor wide, Tensor vector) = (Empty(new TensorShape(2, 9)), Empty(new TensorShape(8)));
        Tensor ids = Upload([0, 1]);
        Refused(() => Backend.Linear(a, wide, default, a), "features");
        Refused(() => Backend.Linear(a, b, default, a), "output columns");
        Refused(() => Backend.Linear(a, b, vector, Empty(new TensorShape(2, 3))), "bias");
        Refused(() => Backend.Linear(a, default, default, a), "no weight");
        Refused(() => Backend.Embedding(a, a, 1, a), "ids that are no integers");
        Refused(() => Backend.Embedding(a, ids, 1, wide), "columns");
        Refused(() => Backend.RmsNorm(a, Empty(new TensorShape(9)), 1e-5f, a), "weight");
        Refused(() => Backend.RmsNorm(a, vector, 1e-5f, b), "output");
        Refused(() => Backend.Rotary(cube, Empty(new TensorShape(2, 5)), Empty(new TensorShape(2, 5)), RotaryLayout.SplitHalves), "pairs");
        Refused(() => Backend.Rotary(cube, Empty(new TensorShape(3, 4)), Empty(new TensorShape(3, 4)), RotaryLayout.SplitHalves), "tokens");
        Refused(() => Backend.Rotary(a, Empty(new TensorShape(2, 4)), Empty(new TensorShape(2, 4)), RotaryLayout.SplitHalves), "rank");
        Refused(() => Backend.GatedActivation(a, b, Activation.Silu, a), "up");
        Refused(() => Backend.Add(a, wide, a), "second operand");
        Refused(() => Backend.Add(a, a, ids), "output type");
        Refused(() => Backend.GatherRows(a, ids, b), "output rows");
        Refused(() => Backend.SoftCap(a, 0), "cap");
        Refused(() => Backend.MergeStates(cube, a, cube, a), "lse");
        Refused(() => Backend.MergeStates(cube, Empty(new TensorShape(2, 3)), b, Empty(new TensorShape(2, 3))), "other");
    }

    [Test]
    public void AllocateKVCache_ImpossibleShapes_AreRefused()
    {
        KVCacheShape good = new(1, 2, 16, 1, 8, DType.F32);
        Refused(() => Backend.AllocateKVCache(good with { PageSize = 24 }), "page size");
        Refused(() => Backend.AllocateKVCache(good with { Pages = 0 }), "pages");
        Refused(() => Backend.AllocateKVCache(good with { Type = DType.Q4_0 }), "type");
        Refused(() => Backend.KVCacheByteCount(good with { HeadDim = -1 }), "head dimension");
    }

    [Test]
    public void KVCacheByteCount_IsWhatTheCacheTakes()
    {
        KVCacheShape shape = new(2, 3, 32, 2, 24, DType.BF16);
        using KVCacheStorage cache = Backend.AllocateKVCache(shape);
        Assert.That(Backend.KVCacheByteCount(shape), Is.EqualTo(cache.ByteCount));
        Assert.That(cache.ByteCount, Is.GreaterThanOrEqualTo(2L * 2 * 3 * 32 * 2 * 24 * 2));
    }

    [Test]
    public void Attention_CacheOrPlanThatDoesNotFit_IsRefused()
    {
        AttentionBatch batch = new() { PageSize = 16 };
        batch.AddSequence([1], kvLength: 2, newTokens: 2);
        batch.AddItem(new AttentionItem(0, 0, 2, 0, 2, AttentionMask.Causal, 0));
        using AttentionPlan plan = Backend.CreatePlan();
        Backend.Plan(plan, batch);
        KVCacheShape shape = new(2, 2, 16, 1, 8, DType.F32);
        using KVCacheStorage cache = Backend.AllocateKVCache(shape);
        using KVCacheStorage small = Backend.AllocateKVCache(shape with { Pages = 1 });
        using KVCacheStorage longer = Backend.AllocateKVCache(shape with { PageSize = 32 });
        (Tensor q, Tensor kv) = (Empty(new TensorShape(2, 2, 8)), Empty(new TensorShape(2, 1, 8)));
        AttentionParameters parameters = new(1);
        Backend.AppendKV(kv, kv, cache, 1, plan);
        Backend.Attention(q, cache, 1, plan, parameters, q, default);

        Refused(() => Backend.AppendKV(kv, kv, small, 0, plan), "page outside the cache");
        Refused(() => Backend.AppendKV(kv, kv, longer, 0, plan), "page size");
        Refused(() => Backend.AppendKV(kv, kv, cache, 2, plan), "layer");
        Refused(() => Backend.AppendKV(q, q, cache, 0, plan), "heads");
        Refused(() => Backend.Attention(q, cache, -1, plan, parameters, q, default), "layer");
        Refused(() => Backend.Attention(q.Slice(0, 1), cache, 0, plan, parameters, q.Slice(0, 1), default), "tokens");
        Refused(() => Backend.Attention(q, small, 0, plan, parameters, q, default), "page outside the cache");
        Refused(() => Backend.Attention(q, cache, 0, plan, parameters, kv, default), "output");
        Refused(() => Backend.Attention(q, cache, 0, plan, parameters, q, Empty(new TensorShape(3))), "lse");
        Refused(() => Backend.Attention(q, cache, 0, plan, new AttentionParameters(float.NaN), q, default), "scale");
        Refused(() => Backend.Attention(q, cache, 0, plan, new AttentionParameters(1, Window: -1), q, default), "window");
    }

    [Test]
    public void Plan_ItemOutsideItsSequence_IsRefused()
    {
        using AttentionPlan plan = Backend.CreatePlan();
        AttentionItem good = new(0, 0, 2, 0, 2, AttentionMask.Causal, 0);
        foreach (AttentionItem bad in (AttentionItem[])
            [good with { Sequence = 1 }, good with { QueryCount = 3 }, good with { KeyStart = 1 }, good with { KeyStart = -1 }, good with { QueryStart = -1 }])
        {
            AttentionBatch batch = new() { PageSize = 16 };
            batch.AddSequence([0], kvLength: 2, newTokens: 2);
            batch.AddItem(bad);
            Refused(() => Backend.Plan(plan, batch), bad.ToString());
        }
    }

    private static void Refused(Action action, string what) => Assert.That(action, Throws.InstanceOf<ArgumentException>(), what);
}
