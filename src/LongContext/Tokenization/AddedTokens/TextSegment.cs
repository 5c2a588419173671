namespace LongContext.Tokenization.AddedTokens;

/// <summary>A part of a text: an added token, or what lies between two.</summary>
/// <param name="Start">First UTF-16 unit.</param>
/// <param name="End">One behind the last.</param>
/// <param name="Token">The token, or null.</param>
internal readonly record struct TextSegment(int Start, int End, AddedToken? Token);
