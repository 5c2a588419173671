using LongContext.Attention.Compression;

namespace LongContext.Tests.Attention;

/// <summary>Who sees whom in a prompt read in blocks, written out from the papers' mask table, with the keys that are passed on chosen by sorting.</summary>
internal sealed class MaskTable(int[] prompt, int contextLength, int blockLength, IReadOnlyList<int> anchorTokens, int unselectable, int passingLength, TableCompressor? scores)
{
    /// <summary>Whether rows after the context see the anchor.</summary>
    internal bool KeepsAnchor { get; init; }

    /// <summary>Whether rows of the query miss keys of all blocks but the last as they do in the released code.</summary>
    internal bool HasReleasedQueryMask { get; init; }

    /// <summary>Keys (token, position) that a row sees for a KV head.</summary>
    internal List<(int Token, int Position)> Keys(int position, int kvHead)
    {
        if (position >= contextLength)
        {
            return [.. Own(0, position + 1).Where(key => !Misses(position, key.Position)), .. KeepsAnchor ? anchorTokens.Select((token, i) => (token, i)) : []];
        }

        int block = position / blockLength;
        List<(int Token, int Position)> keys = [.. Own(block * blockLength, position + 1)];
        if (block > 0)
        {
            keys.AddRange(anchorTokens.Select((token, i) => (token, i)));
        }

        for (int earlier = 0; earlier < block; earlier++)
        {
            keys.AddRange(Passed(earlier, kvHead).Select(p => (prompt[p], p)));
        }

        return keys;
    }

    /// <summary>Positions that a block passes on.</summary>
    internal IEnumerable<int> Passed(int block, int kvHead)
    {
        int start = block * blockLength;
        int end = Math.Min(contextLength, start + blockLength);
        int first = block == 0 ? start + unselectable : start;
        int count = Math.Min(passingLength, (end - first) / ApbRig.PageSize * ApbRig.PageSize);
        return scores is null ? [] : Enumerable.Range(first, end - first).OrderByDescending(p => Pooled(p, kvHead, start, end)).ThenBy(p => p).Take(count);
    }

    /// <summary>Token i of the query's l_q misses the last l_q - 1 - i keys of each block but the last.</summary>
    private bool Misses(int position, int key)
    {
        int block = key / blockLength, lastBlock = (contextLength - 1) / blockLength;
        int missed = prompt.Length - contextLength - 1 - (position - contextLength);
        return HasReleasedQueryMask && key < contextLength && block < lastBlock && key >= ((block + 1) * blockLength) - missed;
    }

    private float Pooled(int position, int head, int start, int end)
    {
        int reach = scores!.PoolingWidth / 2;
        return Enumerable.Range(position - reach, (2 * reach) + 1).Where(p => p >= start && p < end).Max(p => scores[p, head]);
    }

    private IEnumerable<(int Token, int Position)> Own(int start, int end) => Enumerable.Range(start, end - start).Select(p => (prompt[p], p));
}
