namespace LongContext;

/// <summary>Who attends to what. Methods that cut the work are approximate; see each one's page in the docs.</summary>
public enum AttentionMethod
{
    /// <summary>Exact attention: every token sees all tokens before it.</summary>
    Full,
}
