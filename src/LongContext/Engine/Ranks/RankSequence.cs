using LongContext.Attention;

namespace LongContext.Engine.Ranks;

/// <summary>What a rank knows of a sequence: its token ids so far, and where its cached tokens are.</summary>
internal sealed class RankSequence(ShardedSequence shards)
{
    private int[] _tokens = [];
    private int _length;

    /// <summary>Where its cached tokens are.</summary>
    internal ShardedSequence Shards { get; } = shards;

    /// <summary>The token ids.</summary>
    internal ReadOnlyMemory<int> Tokens => _tokens.AsMemory(0, _length);

    /// <summary>Forgets everything.</summary>
    internal void Clear()
    {
        _length = 0;
        Shards.Release();
    }

    /// <summary>Adds ids.</summary>
    internal void Append(ReadOnlySpan<int> ids)
    {
        if (_tokens.Length - _length < ids.Length)
        {
            Array.Resize(ref _tokens, checked(_length + Math.Max(ids.Length, Math.Max(_length / 2, 64))));
        }

        ids.CopyTo(_tokens.AsSpan(_length));
        _length += ids.Length;
    }
}
