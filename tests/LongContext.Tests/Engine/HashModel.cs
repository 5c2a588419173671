namespace LongContext.Tests.Engine;

/// <summary>The tests' language model: next-token logits are a hash of the whole history. Reference for <see cref="HashRunner"/>.</summary>
internal static class HashModel
{
    internal const int VocabularySize = 40;

    internal const ulong Start = 0x9E3779B97F4A7C15;

    internal static ulong Advance(ulong state, int token, int position)
    {
        state ^= (ulong)(uint)token + ((ulong)(uint)position << 32);
        state *= 0xBF58476D1CE4E5B9;
        return state ^ (state >> 29);
    }

    internal static void Logits(ulong state, Span<float> logits)
    {
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = (Advance(state, i, 1_000_003) >> 44) / 65_536f; // 20 bits: exact, ties are rare
        }

        logits[LetterTokenizer.EndOfSequence] -= 1; // an end now and then, not too often
    }

    internal static float[] LogitsAfter(IReadOnlyList<int> tokens)
    {
        ulong state = Start;
        for (int i = 0; i < tokens.Count; i++)
        {
            state = Advance(state, tokens[i], i);
        }

        float[] logits = new float[VocabularySize];
        Logits(state, logits);
        return logits;
    }

    /// <summary>Greedy continuation, without pages, batches or engine.</summary>
    internal static List<int> Generate(IReadOnlyList<int> prompt, int maxNewTokens)
    {
        List<int> tokens = [.. prompt];
        for (int i = 0; i < maxNewTokens && (i == 0 || tokens[^1] != LetterTokenizer.EndOfSequence); i++)
        {
            float[] logits = LogitsAfter(tokens);
            tokens.Add(Array.IndexOf(logits, logits.Max()));
        }

        return tokens[prompt.Count..];
    }
}
