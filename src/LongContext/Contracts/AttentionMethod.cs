namespace LongContext;

/// <summary>Who attends to what. Methods that cut the work are approximate; see each one's page in the docs.</summary>
public enum AttentionMethod
{
    /// <summary>Exact attention on one rank: every token sees all tokens before it.</summary>
    Full,

    /// <summary>Star Attention: the context is read in blocks that see only the first block and themselves. Query and answer see everything.</summary>
    Star,

    /// <summary>
    /// APB: the context is read in blocks that see a short anchor with the query in it, the most important keys of every earlier block, and
    /// themselves. Query and answer see everything.
    /// </summary>
    Apb,

    /// <summary>
    /// Exact attention over ranks: each rank has consecutive tokens of a prompt; keys and values go round a ring. The last rank does almost
    /// twice the average attention work.
    /// </summary>
    Ring,

    /// <summary>The same with a piece from the front and one from the back of the prompt on each rank: every rank does the same work.</summary>
    RingZigzag,

    /// <summary>
    /// Exact attention over ranks: each rank has consecutive tokens of a prompt, and all of it for its share of the heads while it attends
    /// (DeepSpeed-Ulysses). At most as many ranks as the model has query heads; beyond its key/value heads, these are copied.
    /// </summary>
    Ulysses,

    /// <summary>
    /// Exact attention over ranks: Ulysses inside groups of consecutive ranks, a zigzag ring across the groups. A group has as many ranks as
    /// divide all of them, at most 8 and at most the model's key/value heads; groups of one are a zigzag ring alone.
    /// </summary>
    Usp,
}
