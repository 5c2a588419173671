namespace LongContext.Tokenization.Patterns;

/// <summary>Which part of a <see cref="CasedWord"/> is mandatory.</summary>
internal enum CasedWordShape
{
    /// <summary>Any capitals, then at least one small letter.</summary>
    LowerRequired,

    /// <summary>At least one capital, then any small letters.</summary>
    UpperRequired,
}
