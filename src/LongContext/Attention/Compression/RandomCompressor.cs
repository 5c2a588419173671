using LongContext.Tensors;

namespace LongContext.Attention.Compression;

/// <summary>Scores that are a hash of seed, layer, head and position: the same whatever the chunks.</summary>
internal sealed class RandomCompressor(ulong seed) : ICompressor
{
    /// <inheritdoc/>
    public ScoringStage Stage => ScoringStage.BeforeRotary;

    /// <inheritdoc/>
    public int PoolingWidth => 1;

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
        int heads = (int)rows.K.Shape[1];
        for (int i = 0; i < scores.Length; i++)
        {
            ulong at = (((ulong)rows.Layer * (ulong)heads) + (ulong)(i % heads)) << 32 | (uint)(rows.FirstPosition + (i / heads));
            scores[i] = Mix(Mix(seed) ^ at) >> 40; // 24 bits: exact in a float
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>SplitMix64's step.</summary>
    private static ulong Mix(ulong x)
    {
        x += 0x9E37_79B9_7F4A_7C15;
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
