using LongContext.Tokenization;

namespace LongContext.Tokenizers.MicrosoftML;

/// <summary>Decodes a sliding window of ids and gives out what a new id adds to it.</summary>
/// <remarks>The window holds the ids of the last piece of text: what an id means may depend on the one before it (a leading space).</remarks>
internal sealed class WindowDetokenizer(MicrosoftMLTokenizer tokenizer, DecodeOptions options) : IDetokenizer
{
    private const char Replacement = '\uFFFD';
    private const int LongestCharacter = 8; // ids: more than a character's bytes; beyond it the bytes are no character

    private readonly List<int> _window = [];
    private int _done; // ids of the window whose text was given out
    private string _doneText = "";

    /// <inheritdoc/>
    public string Append(int id)
    {
        if (tokenizer.IsSpecial(id))
        {
            return options.HasFlag(DecodeOptions.SkipSpecialTokens) ? "" : Flush() + tokenizer.SpecialText(id);
        }

        _window.Add(id);
        string text = tokenizer.DecodeRun(_window);
        return text.EndsWith(Replacement) && _window.Count - _done < LongestCharacter ? "" : Advance(text);
    }

    /// <inheritdoc/>
    public string Flush()
    {
        string rest = Advance(tokenizer.DecodeRun(_window));
        _window.Clear();
        (_done, _doneText) = (0, "");
        return rest;
    }

    private string Advance(string text)
    {
        string added = text.Length > _doneText.Length ? text[_doneText.Length..] : "";
        _window.RemoveRange(0, _done);
        _done = _window.Count;
        _doneText = tokenizer.DecodeRun(_window);
        return added;
    }
}
