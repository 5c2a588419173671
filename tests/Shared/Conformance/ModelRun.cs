using LongContext.Attention;
using LongContext.Backends;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>A model with a page table written by hand: pages in shuffled order, prompts in chunks, sequences side by side.</summary>
internal sealed class ModelRun : IDisposable
{
    private const int PageSize = 16;

    private readonly IBackend _backend;
    private readonly KVCacheStorage _cache;
    private readonly int[] _shuffledPages;

    internal ModelRun(ModelFiles files, IBackend backend, int contextLength, int maxTokens, int cacheTokens, DType cache = DType.F32)
    {
        _backend = backend;
        Model = CausalLM.Load(files, backend, new FullAttention(), contextLength, maxTokens, maxTokens, null, CancellationToken.None);
        int pages = (cacheTokens + PageSize - 1) / PageSize;
        ModelConfig c = Model.Config;
        _cache = backend.AllocateKVCache(new KVCacheShape(c.Layers, pages, PageSize, c.KVHeads, c.HeadDim, cache));
        _shuffledPages = [.. Enumerable.Range(0, pages)];
        new Random(5).Shuffle(_shuffledPages);
    }

    internal CausalLM Model { get; }

    /// <summary>Logits of every position of one sequence, fed in chunks of the given lengths, the last one repeated.</summary>
    internal float[][] Logits(IReadOnlyList<int> ids, params int[] chunks) => Logits([ids], chunks)[0];

    /// <summary>Logits of every position of several sequences, each step taking a chunk of every one of them.</summary>
    internal float[][][] Logits(IReadOnlyList<IReadOnlyList<int>> sequences, params int[] chunks)
    {
        int[][] pages = Pages([.. sequences.Select(s => s.Count)]);
        int[] done = new int[sequences.Count];
        List<float[]>[] logits = [.. sequences.Select(_ => new List<float[]>())];
        for (int step = 0; done.Zip(sequences, (d, s) => d < s.Count).Any(more => more); step++)
        {
            int chunk = chunks[Math.Min(step, chunks.Length - 1)];
            Step(sequences, pages, done, chunk, logits);
        }

        return [.. logits.Select(l => l.ToArray())];
    }

    /// <summary>Greedy continuation: the prompt at once, then token by token.</summary>
    internal List<int> Greedy(IReadOnlyList<int> prompt, int count)
    {
        List<int> ids = [.. prompt];
        int[][] pages = Pages(prompt.Count + count);
        List<float[]>[] logits = [[]];
        int[] done = [0];
        List<int> generated = [];
        for (int i = 0; i < count; i++)
        {
            Step([ids], pages, done, ids.Count - done[0], logits);
            float[] last = logits[0][^1];
            generated.Add(Array.IndexOf(last, last.Max()));
            ids.Add(generated[^1]);
        }

        return generated;
    }

    public void Dispose()
    {
        _cache.Dispose();
        Model.Dispose();
        _backend.Dispose();
    }

    private void Step(IReadOnlyList<IReadOnlyList<int>> sequences, int[][] pages, int[] done, int chunk, List<float[]>[] logits)
    {
        AttentionBatch batch = new() { PageSize = PageSize };
        List<int> ids = [];
        List<int> positions = [];
        List<int> owners = [];
        for (int s = 0; s < sequences.Count; s++)
        {
            int count = Math.Min(chunk, sequences[s].Count - done[s]);
            if (count == 0)
            {
                continue;
            }

            batch.AddSequence(pages[s], done[s] + count, count);
            for (int i = done[s]; i < done[s] + count; i++)
            {
                ids.Add(sequences[s][i]);
                positions.Add(i);
                owners.Add(s);
            }

            done[s] += count;
        }

        int vocabulary = Model.Config.VocabularySize;
        float[] result = new float[ids.Count * vocabulary];
        StepInput input = new()
        {
            TokenIds = ids.ToArray(),
            Positions = positions.ToArray(),
            OutputRows = Enumerable.Range(0, ids.Count).ToArray(),
            Batch = batch,
        };
        Model.Forward(input, _cache, result);
        for (int i = 0; i < owners.Count; i++)
        {
            logits[owners[i]].Add(result[(i * vocabulary)..((i + 1) * vocabulary)]);
        }
    }

    /// <summary>A page table for sequences of these lengths; what was cached before is forgotten.</summary>
    private int[][] Pages(params int[] lengths)
    {
        int used = 0;
        return [.. lengths.Select(length =>
        {
            int count = (length + PageSize - 1) / PageSize;
            used += count;
            return _shuffledPages[(used - count)..used];
        })];
    }
}
