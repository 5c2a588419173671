namespace LongContext.Tokenization.PreTokenizers;

/// <summary>A text on its way to the model, and the pieces it has been cut into so far. No piece is empty.</summary>
internal sealed class PreTokenizedText
{
    /// <summary>A text that is one piece.</summary>
    /// <param name="text">The text.</param>
    /// <param name="beginsInput">Whether nothing of the caller's text stands before it.</param>
    internal PreTokenizedText(string text, bool beginsInput)
    {
        (Text, BeginsInput) = (text, beginsInput);
        if (text.Length > 0)
        {
            Pieces.Add(new TextPiece(0, text.Length));
        }
    }

    /// <summary>What the pieces are pieces of.</summary>
    internal string Text { get; private set; }

    /// <summary>Whether the first piece begins the caller's text.</summary>
    internal bool BeginsInput { get; }

    /// <summary>The pieces, in order, without overlap.</summary>
    internal List<TextPiece> Pieces { get; private set; } = [];

    /// <summary>Replaces the pieces by others of the same text.</summary>
    internal void Replace(List<TextPiece> pieces) => Pieces = pieces;

    /// <summary>Replaces the text and the pieces.</summary>
    internal void Replace(string text, List<TextPiece> pieces) => (Text, Pieces) = (text, pieces);
}
