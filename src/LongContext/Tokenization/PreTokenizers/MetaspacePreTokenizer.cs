using System.Text;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Writes spaces as a visible character, puts one in front, and cuts before each if asked to.</summary>
internal sealed class MetaspacePreTokenizer(string replacement, SpacePrefix prefix, MetaspaceSplit split) : IPreTokenizer
{
    private readonly SplitPreTokenizer _split = new(new LiteralPattern(replacement), SplitBehavior.MergedWithNext);

    /// <inheritdoc/>
    public void Split(PreTokenizedText text)
    {
        StringBuilder output = new(text.Text.Length + text.Pieces.Count);
        List<TextPiece> pieces = new(text.Pieces.Count);
        foreach (TextPiece piece in text.Pieces)
        {
            int start = output.Length;
            string marked = text.Text[piece.Start..piece.End].Replace(" ", replacement, StringComparison.Ordinal);
            bool wantsPrefix = prefix == SpacePrefix.Always || (prefix == SpacePrefix.First && text.BeginsInput && piece.Start == 0);
            if (wantsPrefix && !marked.StartsWith(replacement, StringComparison.Ordinal))
            {
                output.Append(replacement);
            }

            output.Append(marked);
            pieces.Add(new TextPiece(start, output.Length));
        }

        text.Replace(output.ToString(), pieces);
        if (split == MetaspaceSplit.BeforeEachSpace)
        {
            _split.Split(text);
        }
    }
}
