namespace LongContext.Tokenization.ChatTemplates;

/// <summary>The value of what is not there: empty as a text or list, false; anything else done with it is an error.</summary>
/// <param name="Reason">A sentence for that error.</param>
internal sealed record Undefined(string Reason)
{
    /// <summary>An undefined value with nothing to say.</summary>
    internal static Undefined Plain { get; } = new("The value is undefined.");

    /// <summary>All undefined values are equal.</summary>
    public bool Equals(Undefined? other) => other is not null;

    /// <inheritdoc/>
    public override int GetHashCode() => 0;
}
