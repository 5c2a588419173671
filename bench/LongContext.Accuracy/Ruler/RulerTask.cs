namespace LongContext.Accuracy.Ruler;

/// <summary>Makes samples of one kind, of any size. Knows no tokens: how large a sample may be is found by trying.</summary>
/// <remarks>
/// The tasks follow RULER's rules (arXiv 2404.06654); the sentences around them are our own, so that scores are for comparing methods, not with
/// published ones.
/// </remarks>
internal abstract class RulerTask
{
    /// <summary>RULER's name for it.</summary>
    internal abstract string Name { get; }

    /// <summary>Most tokens of an answer.</summary>
    internal abstract int TokensToGenerate { get; }

    /// <summary>The smallest size, and what sizes differ by.</summary>
    internal abstract int Step { get; }

    /// <summary>The largest size there is material for.</summary>
    internal virtual int MaxSize => 1 << 28;

    /// <summary>Makes a sample; the same random numbers give the same one.</summary>
    /// <param name="size">In sentences, lines, words or documents.</param>
    /// <param name="length">Tokens that are aimed at, for what depends on them.</param>
    /// <param name="random">Draws everything.</param>
    internal abstract RulerSample Make(int size, int length, Random random);

    /// <summary>Score of an answer, 0 to 1: the share of the expected strings in it, whatever their case.</summary>
    internal virtual double Score(string answer, IReadOnlyList<string> expected) =>
        expected.Average(e => answer.Contains(e, StringComparison.OrdinalIgnoreCase) ? 1.0 : 0.0);
}
