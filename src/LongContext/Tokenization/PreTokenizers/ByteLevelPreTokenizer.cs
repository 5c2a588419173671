using System.Text;

namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Writes every UTF-8 byte as one printable character, after a space in front and a split that are both optional.</summary>
internal sealed class ByteLevelPreTokenizer(SpacePrefix prefix, SplitPreTokenizer? split) : IPreTokenizer
{
    /// <inheritdoc/>
    public void Split(PreTokenizedText text)
    {
        if (prefix == SpacePrefix.Always)
        {
            AddSpaces(text);
        }

        split?.Split(text);
        Map(text);
    }

    private static void AddSpaces(PreTokenizedText text)
    {
        StringBuilder output = new(text.Text.Length + text.Pieces.Count);
        List<TextPiece> pieces = new(text.Pieces.Count);
        foreach (TextPiece piece in text.Pieces)
        {
            int start = output.Length;
            if (text.Text[piece.Start] != ' ')
            {
                output.Append(' ');
            }

            output.Append(text.Text, piece.Start, piece.End - piece.Start);
            pieces.Add(new TextPiece(start, output.Length));
        }

        text.Replace(output.ToString(), pieces);
    }

    private static void Map(PreTokenizedText text)
    {
        int total = 0;
        foreach (TextPiece piece in text.Pieces)
        {
            total = checked(total + Encoding.UTF8.GetByteCount(text.Text.AsSpan(piece.Start, piece.End - piece.Start)));
        }

        List<TextPiece> pieces = new(text.Pieces.Count);
        string mapped = string.Create(total, (text, pieces), static (output, state) =>
        {
            int position = 0;
            foreach (TextPiece piece in state.text.Pieces)
            {
                int start = position;
                position += ByteAlphabet.Write(state.text.Text.AsSpan(piece.Start, piece.End - piece.Start), output[position..]);
                state.pieces.Add(new TextPiece(start, position));
            }
        });
        text.Replace(mapped, pieces);
    }
}
