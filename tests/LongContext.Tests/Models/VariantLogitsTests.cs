using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Golden;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models;

/// <summary>The other architectures from real files of both kinds, against the reference decoder reading the folder.</summary>
[TestFixture]
internal sealed class VariantLogitsTests
{
    private const double Tolerance = 1e-3;
    private const int Length = 80; // longer than every window and than LongRoPE's pretraining context of 64

    [TestCase("tiny-phi3", 64)]
    [TestCase("tiny-phi3", 256)]
    [TestCase("tiny-gemma2", 256)]
    [TestCase("tiny-gemma3", 256)]
    [TestCase("tiny-mistral", 256)]
    [TestCase("tiny-qwen2-yarn", 256)]
    public void Forward_OfTheFolderAndTheGguf_EqualsTheReferenceDecoder(string shape, int context)
    {
        using TemporaryFolder folder = new();
        int[] ids = [.. Enumerable.Range(0, Length).Select(i => (int)((uint)i * 2654435761u % 316))];
        string hf = folder.File("hf");
        GoldenModel.WriteFolder(hf, shape, DType.F32);
        using ModelFiles files = ModelDirectory.Open(hf);
        double[] expected = [.. new ReferenceDecoder(ReferenceModel.From(files), context).Logits(ids).SelectMany(r => r)];

        Assert.That(Logits(hf, ids, context), Is.EqualTo(expected).Within(Tolerance), "folder");
        if (shape != "tiny-mistral") // Mistral's windows cannot be told in GGUF
        {
            GoldenModel.WriteGguf(folder.File("m.gguf"), shape, DType.F32);
            Assert.That(Logits(folder.File("m.gguf"), ids, context), Is.EqualTo(expected).Within(Tolerance), "GGUF");
        }
    }

    private static double[] Logits(string path, int[] ids, int context)
    {
        using ModelFiles files = ModelDirectory.Open(path);
        using ModelRun run = new(files, ModelBackend.Cpu.Create(), context, 32, 2 * Length);
        return [.. run.Logits(ids, 32, 7).SelectMany(r => r).Select(v => (double)v)];
    }
}
