using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Cuts at the matches of a pattern.</summary>
/// <param name="pattern">What is looked for.</param>
/// <param name="behavior">What becomes of the matches.</param>
/// <param name="target">Whether matches or what lies between them are the "matches" of <paramref name="behavior"/>.</param>
internal sealed class SplitPreTokenizer(IPattern pattern, SplitBehavior behavior, SplitTarget target = SplitTarget.Matches) : IPreTokenizer
{
    /// <inheritdoc/>
    public void Split(PreTokenizedText text)
    {
        List<TextPiece> output = new(text.Pieces.Count);
        List<(TextPiece Piece, bool IsMatch)> parts = [];
        foreach (TextPiece piece in text.Pieces)
        {
            ReadOnlySpan<char> span = text.Text.AsSpan(piece.Start, piece.End - piece.Start);
            int position = 0;
            parts.Clear();
            while (pattern.TryFind(span, position, out int start, out int end))
            {
                Add(parts, piece.Start, position, start, target == SplitTarget.Gaps);
                Add(parts, piece.Start, start, end, target == SplitTarget.Matches);
                position = end;
            }

            Add(parts, piece.Start, position, span.Length, target == SplitTarget.Gaps);
            Emit(parts, output);
        }

        text.Replace(output);
    }

    private static void Add(List<(TextPiece Piece, bool IsMatch)> parts, int offset, int start, int end, bool isMatch)
    {
        if (end > start)
        {
            parts.Add((new TextPiece(offset + start, offset + end), isMatch));
        }
    }

    private void Emit(List<(TextPiece Piece, bool IsMatch)> parts, List<TextPiece> output)
    {
        for (int i = 0; i < parts.Count; i++)
        {
            (TextPiece piece, bool isMatch) = parts[i];
            bool? previousIsMatch = i > 0 ? parts[i - 1].IsMatch : null;
            bool joins = behavior switch
            {
                SplitBehavior.Contiguous => previousIsMatch == isMatch,
                SplitBehavior.MergedWithPrevious => isMatch && previousIsMatch == false,
                SplitBehavior.MergedWithNext => !isMatch && previousIsMatch == true,
                _ => false,
            };
            if (joins)
            {
                output[^1] = output[^1] with { End = piece.End };
            }
            else if (behavior != SplitBehavior.Removed || !isMatch)
            {
                output.Add(piece);
            }
        }
    }
}
