namespace LongContext.Tokenization.PreTokenizers;

/// <summary>A part of a text: from one UTF-16 unit up to, not with, another.</summary>
internal readonly record struct TextPiece(int Start, int End);
