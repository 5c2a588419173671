using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

[TestFixture]
internal sealed class WarmUpTests
{
    [TestCase("tiny", DType.Q4_0)]
    [TestCase("tiny-qwen3", DType.BF16)]
    [TestCase("tiny-gemma3", DType.F32)] // local layers have a rotary table of their own
    [TestCase("tiny-phi3", DType.F32)]
    public void WarmUp_OfAnyModel_ChangesNoLogits(string shape, DType type)
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("m.gguf"), shape, type);
        int[] ids = [.. Enumerable.Range(0, 70).Select(i => (int)((uint)i * 2654435761u % 316))];
        Assert.That(Logits(warm: true), Is.EqualTo(Logits(warm: false)));

        float[] Logits(bool warm)
        {
            using ModelFiles files = ModelDirectory.Open(folder.File("m.gguf"));
            using ModelRun run = new(files, new CpuBackend(2, ModelPrecision.Auto), 256, 70, 256);
            if (warm)
            {
                ModelConfig c = run.Model.Config;
                using CpuBackend backend = new(1);
                using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(c.Layers, 1, 64, c.KVHeads, c.HeadDim, DType.BF16));
                run.Model.WarmUp(cache, TimeProvider.System, TimeSpan.MaxValue);
            }

            return [.. run.Logits(ids, 33).SelectMany(r => r)];
        }
    }

    [Test]
    public async Task Generate_AfterAWarmUpOrWithout_SaysTheSame()
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("m.gguf"), "tiny", DType.Q8_0);
        Assert.That(await Generate(WarmUp.AtBuild), Is.EqualTo(await Generate(WarmUp.None)));

        async Task<IReadOnlyList<int>> Generate(WarmUp warmUp)
        {
            await using InferenceSession session = InferenceSession.CreateBuilder()
                .UseModel(folder.File("m.gguf")).UseContextLength(200).UseWarmUp(warmUp).Build();
            GenerationOptions options = new() { MaxNewTokens = 20, EndOfSequence = EndOfSequenceHandling.Ignore };
            return (await session.GenerateAsync(Prompt.FromTokens([.. Enumerable.Range(3, 100)]), options)).TokenIds;
        }
    }

    [Test]
    public void FirstRequest_AfterTheBuild_CompilesNoKernel()
    {
        if (TestProcess.IsChild)
        {
            Assert.Ignore("This is the child.");
        }

        Assert.That(TestProcess.Run($"FullyQualifiedName~{nameof(WarmUpProbe)}"), Is.EqualTo(2));
    }
}
