namespace LongContext.Backends.Cpu.Kernels;

/// <summary>What one worker does at a time: a tile of query rows of one item against one key/value head.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="KVHead">Key/value head.</param>
/// <param name="FirstToken">First query row of the item in the tile.</param>
/// <param name="Tokens">Query rows of the tile; each has one row of the tile for every query head of the group.</param>
/// <param name="Segment">The one segment of keys to do, or −1 for all of them in order.</param>
/// <param name="Partial">Where the state goes if this is one segment, in floats from the start of the partial states.</param>
internal readonly record struct AttentionUnit(int Item, int KVHead, int FirstToken, int Tokens, int Segment, long Partial);
