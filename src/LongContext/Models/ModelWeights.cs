using LongContext.Backends;
using LongContext.Loading;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>All weights of a model in the backend's hands. Knows where they belong, not what is computed with them.</summary>
internal sealed class ModelWeights : IDisposable
{
    private readonly ModelConfig _config;
    private readonly IWeightSource _source;
    private readonly IBackend _backend;
    private readonly List<TensorStorage> _owned = [];

    private ModelWeights(ModelConfig config, IWeightSource source, IBackend backend)
    {
        (_config, _source, _backend) = (config, source, backend);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new LayerWeights())];
    }

    /// <summary>[vocabulary, hidden].</summary>
    internal Tensor TokenEmbedding { get; private set; }

    /// <summary>[hidden].</summary>
    internal Tensor OutputNorm { get; private set; }

    /// <summary>[vocabulary, hidden]; the embedding itself when tied.</summary>
    internal Tensor Output { get; private set; }

    /// <summary>Layer after layer.</summary>
    internal IReadOnlyList<LayerWeights> Layers { get; }

    /// <summary>Imports the tensors of a checked table.</summary>
    internal static ModelWeights Load(
        ModelConfig config, IReadOnlyList<WeightEntry> table, IWeightSource source, IBackend backend,
        IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ModelWeights weights = new(config, source, backend);
        try
        {
            long total = table.Sum(entry => source.Tensors[entry.Name].ByteCount);
            long done = 0;
            foreach (WeightEntry entry in table)
            {
                cancellationToken.ThrowIfCancellationRequested();
                weights.Import(entry);
                done += source.Tensors[entry.Name].ByteCount;
                progress?.Report(new LoadProgress(done, total));
            }

            weights.Output = config.TieWordEmbeddings ? weights.TokenEmbedding : weights.Output;
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TensorStorage storage in _owned)
        {
            storage.Dispose();
        }

        _owned.Clear();
    }

    private void Import(WeightEntry entry)
    {
        if (entry.Layer < 0)
        {
            switch (entry.Role)
            {
                case WeightRole.TokenEmbedding: TokenEmbedding = Matrix(entry); break;
                case WeightRole.OutputNorm: OutputNorm = Vector(entry, _config.NormOffset); break;
                case WeightRole.Output: Output = Matrix(entry); break;
                default: throw new ArgumentOutOfRangeException(nameof(entry), entry.Role, "Not a weight outside the layers.");
            }

            return;
        }

        LayerWeights layer = Layers[entry.Layer];
        int q = _config.QHeads * _config.HeadDim;
        int kv = _config.KVHeads * _config.HeadDim;
        switch (entry.Role)
        {
            case WeightRole.AttentionNorm: layer.AttentionNorm = Vector(entry, _config.NormOffset); break;
            case WeightRole.Q: layer.Q = Matrix(entry); break;
            case WeightRole.K: layer.K = Matrix(entry); break;
            case WeightRole.V: layer.V = Matrix(entry); break;
            case WeightRole.Qkv: (layer.Q, layer.K, layer.V) = Rows(entry, q, kv, kv); break;
            case WeightRole.QBias: layer.QBias = Vector(entry, 0); break;
            case WeightRole.KBias: layer.KBias = Vector(entry, 0); break;
            case WeightRole.VBias: layer.VBias = Vector(entry, 0); break;
            case WeightRole.QNorm: layer.QNorm = Vector(entry, _config.NormOffset); break;
            case WeightRole.KNorm: layer.KNorm = Vector(entry, _config.NormOffset); break;
            case WeightRole.AttentionOutput: layer.AttentionOutput = Matrix(entry); break;
            case WeightRole.PostAttentionNorm: layer.PostAttentionNorm = Vector(entry, _config.NormOffset); break;
            case WeightRole.FeedForwardNorm: layer.FeedForwardNorm = Vector(entry, _config.NormOffset); break;
            case WeightRole.Gate: layer.Gate = Matrix(entry); break;
            case WeightRole.Up: layer.Up = Matrix(entry); break;
            case WeightRole.GateUp: (layer.Gate, layer.Up, _) = Rows(entry, _config.IntermediateSize, _config.IntermediateSize, 0); break;
            case WeightRole.Down: layer.Down = Matrix(entry); break;
            case WeightRole.PostFeedForwardNorm: layer.PostFeedForwardNorm = Vector(entry, _config.NormOffset); break;
            default: throw new ArgumentOutOfRangeException(nameof(entry), entry.Role, "Not a layer's weight.");
        }
    }

    private Tensor Matrix(WeightEntry entry) => Rows(entry, (int)entry.Dimensions[0], 0, 0).First;

    /// <summary>Imports consecutive row ranges of one stored matrix as matrices of their own, without a copy of ours.</summary>
    private (Tensor First, Tensor Second, Tensor Third) Rows(WeightEntry entry, int first, int second, int third)
    {
        Tensor stored = _source.Open(entry.Name);
        bool copied = true;
        (Tensor, Tensor, Tensor) parts = (Part(0, first), Part(first, second), Part(first + second, third));
        if (copied)
        {
            _source.Release(entry.Name); // never hold a weight twice
        }

        return parts;

        Tensor Part(int start, int count)
        {
            if (count == 0)
            {
                return default;
            }

            Tensor imported = _backend.ImportWeight(stored.Slice(start, count));
            if (ReferenceEquals(imported.Storage, stored.Storage))
            {
                copied = false;
            }
            else
            {
                _owned.Add(imported.Storage);
            }

            return imported;
        }
    }

    /// <summary>A norm or bias in F32, whatever the file has.</summary>
    private Tensor Vector(WeightEntry entry, float offset)
    {
        HostStorage host = HostStorage.Allocate(entry.ElementCount * sizeof(float));
        _owned.Add(host);
        Tensor vector = new(host, 0, DType.F32, new TensorShape(entry.ElementCount));
        WeightVector.Read(_source.Open(entry.Name), offset, vector.HostSpan<float>());
        Tensor imported = _backend.ImportWeight(vector);
        if (!ReferenceEquals(imported.Storage, host))
        {
            _owned.Remove(host);
            _owned.Add(imported.Storage);
            host.Dispose();
        }

        return imported;
    }
}
