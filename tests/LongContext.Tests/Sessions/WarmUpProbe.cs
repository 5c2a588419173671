using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>Run by <see cref="WarmUpTests"/> in a process where nothing has been compiled yet.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class WarmUpProbe
{
    [Test]
    [Order(1)]
    public async Task FirstRequest_WithAWarmUp_CompilesNoKernel() =>
        Assert.That(await CompiledInTheFirstRequest("tiny", DType.Q8_0, WarmUp.AtBuild), Is.Empty);

    [Test]
    [Order(2)]
    public async Task FirstRequest_WithoutAWarmUp_CompilesKernels() => // of another type: the listener hears them
        Assert.That(await CompiledInTheFirstRequest("tiny", DType.F16, WarmUp.None), Is.Not.Empty);

    private static async Task<string[]> CompiledInTheFirstRequest(string shape, DType type, WarmUp warmUp)
    {
        if (!TestProcess.IsChild)
        {
            Assert.Ignore("Only in a child of WarmUpTests.");
        }

        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("m.gguf"), shape, type);
        using CompilationListener listener = new();
        await using InferenceSession session = InferenceSession.CreateBuilder()
            .UseModel(folder.File("m.gguf")).UseContextLength(400).UseCpu(2).UseWarmUp(warmUp).Build();
        DateTime built = DateTime.UtcNow;
        GenerationOptions options = new() { MaxNewTokens = 20, EndOfSequence = EndOfSequenceHandling.Ignore };
        await session.GenerateAsync(Prompt.FromTokens([.. Enumerable.Range(3, 300)]), options);
        await Task.Delay(1500); // the runtime hands its events over from time to time
        return listener.FirstSince(built, "LongContext.Backends.Cpu.Kernels");
    }
}
