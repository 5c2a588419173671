using System.Text;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Replaces every match of a pattern by a fixed text.</summary>
internal sealed class ReplaceNormalizer(IPattern pattern, string content) : INormalizer
{
    /// <inheritdoc/>
    /// <exception cref="InvalidRequestException">The result would be longer than a tokenizer takes.</exception>
    public string Normalize(string text)
    {
        if (!pattern.TryFind(text, 0, out int start, out int end))
        {
            return text;
        }

        StringBuilder output = new(text.Length);
        int copied = 0;
        do
        {
            output.Append(text, copied, start - copied).Append(content);
            TextLimit.Check(output.Length);
            copied = end;
        }
        while (pattern.TryFind(text, copied, out start, out end));

        output.Append(text, copied, text.Length - copied);
        TextLimit.Check(output.Length);
        return output.ToString();
    }
}
