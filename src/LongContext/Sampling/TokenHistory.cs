namespace LongContext.Sampling;

/// <summary>Which tokens a request has seen, and how often it generated each. 8 bytes per token of the vocabulary.</summary>
/// <remarks>Only made for requests with a penalty. Recording allocates nothing.</remarks>
internal sealed class TokenHistory(int vocabularySize)
{
    private readonly int[] _seenIds = new int[vocabularySize];
    private readonly int[] _countPlusOne = new int[vocabularySize]; // 0: never seen; 1: in the prompt only
    private int _seenCount;

    /// <summary>The distinct tokens seen, in the order they came.</summary>
    internal ReadOnlySpan<int> SeenIds => _seenIds.AsSpan(0, _seenCount);

    /// <summary>How often a token that was seen was generated.</summary>
    internal int GeneratedCount(int seenId) => _countPlusOne[seenId] - 1;

    /// <summary>Records tokens of the prompt; ids beyond the logits (a padded vocabulary's) cannot be chosen and are passed over.</summary>
    internal void AddPrompt(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            if ((uint)id < (uint)_countPlusOne.Length)
            {
                See(id);
            }
        }
    }

    /// <summary>Records a generated token.</summary>
    internal void AddGenerated(int id)
    {
        See(id);
        _countPlusOne[id]++;
    }

    private void See(int id)
    {
        if (_countPlusOne[id] == 0)
        {
            _countPlusOne[id] = 1;
            _seenIds[_seenCount++] = id;
        }
    }
}
