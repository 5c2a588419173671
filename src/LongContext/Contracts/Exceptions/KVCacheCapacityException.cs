namespace LongContext;

/// <summary>A request needs more KV-cache pages than the whole cache has: it could never run.</summary>
/// <param name="neededPages">Pages the request needs.</param>
/// <param name="availablePages">Pages the cache has in all.</param>
/// <param name="pageSize">Tokens of a page.</param>
public sealed class KVCacheCapacityException(int neededPages, int availablePages, int pageSize)
    : LongContextException(
        $"The request needs {neededPages} KV-cache pages of {pageSize} tokens, but the cache has {availablePages}. " +
        $"Shorten it or build the session with UseKVCacheTokens({(long)neededPages * pageSize}).")
{
    /// <summary>Pages the request needs.</summary>
    public int NeededPages { get; } = neededPages;

    /// <summary>Pages the cache has in all.</summary>
    public int AvailablePages { get; } = availablePages;
}
