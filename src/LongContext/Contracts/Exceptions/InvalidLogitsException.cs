namespace LongContext;

/// <summary>The model gave logits no token can be chosen from: NaN, positive infinity, or nothing but negative infinity. Only this request ends.</summary>
/// <param name="tokenId">The first token at fault.</param>
/// <param name="value">Its logit.</param>
/// <param name="vocabularySize">Logits in the row.</param>
public sealed class InvalidLogitsException(int tokenId, float value, int vocabularySize)
    : LongContextException(
        $"The logit of token {tokenId} of {vocabularySize} is {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}; " +
        "a token can only be chosen where every logit is a number below infinity and at least one is finite. " +
        "Check the model's weights, or load them with a wider precision.")
{
    /// <summary>The first token at fault.</summary>
    public int TokenId { get; } = tokenId;

    /// <summary>Its logit.</summary>
    public float Value { get; } = value;
}
