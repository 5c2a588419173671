using FsCheck;
using FsCheck.Fluent;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>What every architecture must hold: a fixture gives its configurations and inherits the laws.</summary>
internal abstract class ArchitectureConformance
{
    private const int Length = 40;
    private const double Tolerance = 1e-4; // activations are rounded to F32 between operations

    /// <summary>config.json texts of tiny models that exercise what the architecture has.</summary>
    protected abstract IReadOnlyList<string> Configs { get; }

    /// <summary>Session contexts to run with; LongRoPE chooses by them.</summary>
    protected virtual IReadOnlyList<int> ContextLengths => [64];

    /// <summary>Whether GGUF files of the architecture exist in which this configuration can be told.</summary>
    protected virtual bool HasGguf(ReferenceModel model) => true;

    [Test]
    public void Forward_FromHuggingFace_EqualsTheDoublePrecisionReference([Values] ModelBackend backend) =>
        ForAll((model, context) => Compare(model, ReferenceModelFiles.HuggingFace(model), context, backend));

    [Test]
    public void Forward_FromGguf_EqualsTheDoublePrecisionReference([Values] ModelBackend backend) => ForAll((model, context) =>
    {
        if (HasGguf(model))
        {
            Compare(model, ReferenceModelFiles.Gguf(model), context, backend);
        }
    });

    [Test]
    public void Forward_InAnyChunksBesideAnotherSequence_EqualsTheWholePromptAlone([Values] ModelBackend backend) => ForAll((model, context) =>
    {
        int[] a = Tokens(model, Length, 1);
        int[] b = Tokens(model, Length - 11, 2);
        using ModelFiles files = ReferenceModelFiles.HuggingFace(model);
        using ModelRun run = new(files, backend.Create(), context, 2 * Length, 2 * Length);
        float[][] wholeA = run.Logits(a, Length);
        float[][] wholeB = run.Logits(b, Length);
        Prop.ForAll<PositiveInt[]>(lengths =>
        {
            int[] chunks = [.. lengths.Select(l => l.Get), 3];
            float[][][] chunked = run.Logits([a, b], chunks);
            Assert.That(Flat(chunked[0]), Is.EqualTo(Flat(wholeA)), $"chunks {string.Join(", ", chunks)}");
            Assert.That(Flat(chunked[1]), Is.EqualTo(Flat(wholeB)), $"chunks {string.Join(", ", chunks)}");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(8));
    });

    [Test]
    public void Load_WithoutAnyOneTensor_NamesIt() => ForEachTensor((weights, name) => weights.Remove(name), "missing");

    [Test]
    public void Load_WithAnyOneTensorOfAnotherShape_NamesIt() => ForEachTensor(
        (weights, name) =>
        {
            long[] d = [.. weights.Tensors[name].Dimensions];
            d[0]++;
            weights.Set(name, new ReferenceTensor(new float[d.Aggregate(1L, (x, y) => x * y)], d));
        },
        "shape");

    [Test]
    public void Load_WithAnyOneTensorOfIntegers_NamesIt() => ForEachTensor(
        (weights, name) =>
        {
            long[] d = [.. weights.Tensors[name].Dimensions];
            weights.Set(name, new ReferenceTensor(new float[d.Aggregate(1L, (x, y) => x * y)], d), DType.I32);
        },
        "type");

    private void ForEachTensor(Action<MemoryWeights, string> spoil, string word) => ForAll((model, context) =>
    {
        foreach (string name in model.Tensors.Keys)
        {
            using ModelFiles files = ReferenceModelFiles.HuggingFace(model);
            spoil((MemoryWeights)files.Weights!, name);
            ModelFormatException error = Assert.Throws<ModelFormatException>(() => CausalLM.ReadInfo(files))!;
            Assert.That(error.Field, Is.EqualTo(name));
            Assert.That(error.Message, Does.Contain(word));
        }
    });

    private void ForAll(Action<ReferenceModel, int> law)
    {
        foreach (string config in Configs)
        {
            ReferenceModel model = ReferenceModel.Create(config, seed: 3);
            foreach (int context in ContextLengths)
            {
                law(model, context);
            }
        }
    }

    private void Compare(ReferenceModel model, ModelFiles files, int context, ModelBackend backend)
    {
        using (files)
        {
            using ModelRun run = new(files, backend.Create(), context, Length, 2 * Length);
            Dictionary<int, float[]> hidden = [];
            run.Model.LayerObserver = (layer, x) => hidden[layer] = ModelBackends.ToHost(x);
            int[] ids = Tokens(model, Length, 1);
            float[][] actual = run.Logits(ids, Length);
            ReferenceDecoder reference = new(model, context);
            double[][] expected = reference.Logits(ids);
            for (int layer = 0; layer < model.Layers; layer++)
            {
                Assert.That(
                    hidden[layer].Select(v => (double)v), Is.EqualTo(reference.HiddenAfterLayer[layer].SelectMany(r => r)).Within(Tolerance),
                    $"residual stream after layer {layer} of {model.Json}");
            }

            Assert.That(Flat(actual), Is.EqualTo(expected.SelectMany(r => r)).Within(Tolerance), $"logits of {model.Json}");
        }
    }

    private static double[] Flat(float[][] rows) => [.. rows.SelectMany(r => r.Select(v => (double)v))];

    private static int[] Tokens(ReferenceModel model, int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(model.Vocabulary))];
    }
}
