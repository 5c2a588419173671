namespace LongContext.Attention;

/// <summary>Sums of squared attention weights for each layer and KV head, of the context's rows and of those after it.</summary>
internal sealed class RecallSums(int layers, int kvHeads)
{
    private const int Kinds = 4; // reading and answering, each of the earlier keys and of the selected ones

    private readonly double[] _sums = new double[layers * kvHeads * Kinds];
    private readonly long[] _rows = new long[layers * 2]; // reading, answering: rows that have earlier keys

    /// <summary>Adds the squared weights of some rows.</summary>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="firstPosition">Of the first row.</param>
    /// <param name="contextLength">Rows from there on are answering.</param>
    /// <param name="all">[rows, qHeads], over all keys.</param>
    /// <param name="part">[rows, qHeads], of doubled scores over the keys in question.</param>
    /// <param name="qHeads">Query heads.</param>
    /// <param name="count">Rows times query heads.</param>
    /// <param name="keys">Which keys these are.</param>
    internal void Add(
        int layer, int firstPosition, int contextLength, ReadOnlySpan<float> all, ReadOnlySpan<float> part, int qHeads, int count, RecallPart keys)
    {
        int group = qHeads / kvHeads;
        for (int i = 0; i < count; i++)
        {
            (int row, int head) = Math.DivRem(i, qHeads);
            int phase = firstPosition + row < contextLength ? 0 : 1;
            _sums[At(layer, head / group, phase, keys)] += Math.Exp(Math.Min(0, part[i] - (2.0 * all[i]))) / group;
            _rows[(layer * 2) + phase] += head == 0 && keys == RecallPart.Earlier ? 1 : 0;
        }
    }

    /// <summary>For each layer and KV head.</summary>
    internal IReadOnlyList<KeyRecall> ToRecalls()
    {
        List<KeyRecall> recalls = [];
        for (int layer = 0; layer < layers; layer++)
        {
            for (int head = 0; head < kvHeads; head++)
            {
                recalls.Add(new KeyRecall(layer, head, Focus(layer, head, 0), Recall(layer, head, 0), Focus(layer, head, 1), Recall(layer, head, 1)));
            }
        }

        return recalls;
    }

    private double Focus(int layer, int head, int phase) =>
        _sums[At(layer, head, phase, RecallPart.Earlier)] / Math.Max(1, _rows[(layer * 2) + phase]);

    private double Recall(int layer, int head, int phase)
    {
        double earlier = _sums[At(layer, head, phase, RecallPart.Earlier)];
        return earlier > 0 ? Math.Min(1, _sums[At(layer, head, phase, RecallPart.Selected)] / earlier) : 1;
    }

    private int At(int layer, int head, int phase, RecallPart keys) => (((layer * kvHeads) + head) * Kinds) + (phase * 2) + (int)keys;
}
