using LongContext.Attention.Compression;
using LongContext.Tensors;

namespace LongContext.Tests.Attention;

/// <summary>Scores given as a table, so that a test knows what is chosen.</summary>
internal sealed class TableCompressor(int kvHeads, int poolingWidth, int seed) : ICompressor
{
    private readonly Dictionary<(int, int), float> _scores = [];
    private readonly Random _random = new(seed);

    public ScoringStage Stage => ScoringStage.BeforeRotary;

    public int PoolingWidth => poolingWidth;

    /// <summary>Score of a context position for a KV head; some are equal.</summary>
    internal float this[int position, int head]
    {
        get
        {
            if (!_scores.TryGetValue((position, head), out float score))
            {
                _scores.Add((position, head), score = _random.Next(40));
            }

            return score;
        }
    }

    public void Begin()
    {
    }

    public void ReadQuery(int layer, in Tensor q)
    {
    }

    public void Score(in LayerRows rows, Span<float> scores)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = this[rows.FirstPosition + (i / kvHeads), i % kvHeads];
        }
    }

    public void Dispose()
    {
    }
}
