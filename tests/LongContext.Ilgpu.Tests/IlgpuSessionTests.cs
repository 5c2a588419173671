#if ILGPU
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Ilgpu.Tests;

/// <summary>A whole session over the backend.</summary>
[TestFixture]
internal sealed class IlgpuSessionTests
{
    [Test]
    public async Task Generate_OnIlgpu_GivesTheTokensOfTheCpu()
    {
        Prompt prompt = new("The night was long. [SET][K5][V77] The road went on. [LET][K9][K5] And on.", "[GET][K9]");
        GenerationOptions options = new() { MaxNewTokens = 6, EndOfSequence = EndOfSequenceHandling.Ignore };

        GenerationResult expected = await Generate(b => b.UseCpu(threads: 1));
        GenerationResult actual = await Generate(b => b.UseIlgpu(IlgpuDevice.Cpu));

        Assert.That(expected.Text, Does.StartWith("[V77]"));
        Assert.That(actual.TokenIds, Is.EqualTo(expected.TokenIds));

        async Task<GenerationResult> Generate(Func<InferenceSessionBuilder, InferenceSessionBuilder> backend)
        {
            InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
                .UseModel(Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "model"))
                .UseContextLength(128)
                .UseKVCacheType(KVCacheType.Float32)
                .UsePrecision(ModelPrecision.Float32);
            await using InferenceSession session = await backend(builder).BuildAsync();
            return await session.GenerateAsync(prompt, options);
        }
    }
}
#endif
