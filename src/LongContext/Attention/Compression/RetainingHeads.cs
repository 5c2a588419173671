using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention.Compression;

/// <summary>
/// A trained two-layer network for each layer scores a token for every KV head:
/// <c>s = W₂ · act(W₁ · concat(q, k, v))</c>, before the rotary embedding.
/// </summary>
/// <remarks>W₁ is cut by columns into its parts for q, k and v, so that nothing is concatenated.</remarks>
internal sealed class RetainingHeads : ICompressor
{
    /// <summary>Tokens over which the published methods take the maximum of the scores.</summary>
    internal const int PublishedPoolingWidth = 5;

    private readonly IBackend _backend;
    private readonly AttentionModel _model;
    private readonly Head[] _heads;
    private readonly List<TensorStorage> _owned = [];
    private readonly Tensor _ones, _hidden, _part, _scores;

    /// <summary>Imports the heads into the backend.</summary>
    /// <param name="tensors">The file; it may be closed afterwards.</param>
    /// <param name="model">Sizes, already checked against the file.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="maxRows">Most rows scored at once.</param>
    internal RetainingHeads(RetainingHeadTensors tensors, AttentionModel model, IBackend backend, int maxRows)
    {
        (_backend, _model) = (backend, model);
        try
        {
            _heads = [.. Enumerable.Range(0, model.Layers).Select(layer => Import(tensors.Matrix(layer, 1), tensors.Matrix(layer, 2)))];
            TensorShape hidden = new(maxRows, tensors.Width);
            (_ones, _hidden, _part) = (Allocate(hidden), Allocate(hidden), Allocate(hidden));
            _scores = Allocate(new TensorShape(maxRows, model.KVHeads));
            float[] ones = new float[hidden.ElementCount];
            Array.Fill(ones, 1);
            backend.Upload<float>(ones, _ones);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ScoringStage Stage => ScoringStage.BeforeRotary;

    /// <inheritdoc/>
    public int PoolingWidth => PublishedPoolingWidth;

    /// <inheritdoc/>
    public void Begin()
    {
    }

    /// <inheritdoc/>
    public void ReadQuery(int layer, in Tensor q)
    {
    }

    /// <inheritdoc/>
    public void Score(in LayerRows rows, Span<float> scores)
    {
        Head head = _heads[rows.Layer];
        int count = rows.Count;
        (Tensor hidden, Tensor part) = (_hidden.Slice(0, count), _part.Slice(0, count));
        _backend.Linear(Flat(rows.Q), head.Q, default, hidden);
        _backend.Linear(Flat(rows.K), head.K, default, part);
        _backend.Add(hidden, part, hidden);
        _backend.Linear(Flat(rows.V), head.V, default, part);
        _backend.Add(hidden, part, hidden);
        _backend.GatedActivation(hidden, _ones.Slice(0, count), _model.Activation, hidden);
        _backend.Linear(hidden, head.Second, default, _scores.Slice(0, count));
        _backend.Download(_scores.Slice(0, count), scores);
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

    private static Tensor Flat(in Tensor x) => x.Reshape(new TensorShape(x.Shape[0], x.Shape[1] * x.Shape[2]));

    private Head Import(in Tensor first, in Tensor second)
    {
        int q = _model.QHeads * _model.HeadDim;
        int kv = _model.KVHeads * _model.HeadDim;
        return new Head(
            Columns(first, 0, q, turned: true), Columns(first, q, kv, turned: true), Columns(first, q + kv, kv, turned: false),
            Columns(second, 0, second.RowLength, turned: false));
    }

    /// <summary>Imports some columns as a matrix of their own, in the model's order of features.</summary>
    /// <remarks>
    /// Where the model's rotary pairs are neighbours (GGUF), its queries and keys have the features i and i + headDim / 2 of Hugging Face's
    /// layout at 2i and 2i + 1; the heads were trained on the latter.
    /// </remarks>
    private Tensor Columns(in Tensor matrix, int start, int count, bool turned)
    {
        int bytes = BlockFormat.Of(matrix.Type).BytesPerBlock;
        HostStorage host = HostStorage.Allocate((long)matrix.Rows * count * bytes);
        Tensor part = new(host, 0, matrix.Type, new TensorShape(matrix.Rows, count));
        bool interleaved = turned && _model.RotaryLayout == RotaryLayout.Interleaved;
        for (int row = 0; row < matrix.Rows; row++)
        {
            ReadOnlySpan<byte> source = matrix.Slice(row, 1).HostSpan<byte>().Slice(start * bytes, count * bytes);
            Span<byte> target = part.Slice(row, 1).HostSpan<byte>();
            for (int column = 0; column < count; column++)
            {
                int from = interleaved ? Published(column) : column;
                source.Slice(from * bytes, bytes).CopyTo(target[(column * bytes)..]);
            }
        }

        Tensor imported = _backend.ImportWeight(part);
        _owned.Add(imported.Storage);
        if (!ReferenceEquals(imported.Storage, host))
        {
            host.Dispose();
        }

        return imported;
    }

    /// <summary>The published column of one of ours.</summary>
    private int Published(int column)
    {
        (int head, int feature) = Math.DivRem(column, _model.HeadDim);
        return (head * _model.HeadDim) + (feature / 2) + (feature % 2 * (_model.HeadDim / 2));
    }

    private Tensor Allocate(TensorShape shape)
    {
        Tensor tensor = _backend.Allocate(DType.F32, shape);
        _owned.Add(tensor.Storage);
        return tensor;
    }

    private readonly record struct Head(Tensor Q, Tensor K, Tensor V, Tensor Second);
}
