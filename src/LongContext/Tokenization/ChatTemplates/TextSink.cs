using System.Text;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Collects text up to <see cref="TemplateLimits.TextLength"/> characters.</summary>
internal sealed class TextSink(RenderContext context)
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds a text.</summary>
    internal TextSink Append(ReadOnlySpan<char> text)
    {
        Reserve(text.Length);
        _text.Append(text);
        return this;
    }

    /// <summary>Adds a character some times.</summary>
    internal TextSink Append(char character, long count = 1)
    {
        Reserve(count);
        _text.Append(character, (int)count);
        return this;
    }

    /// <summary>All of it.</summary>
    public override string ToString() => _text.ToString();

    private void Reserve(long count)
    {
        if (count > TemplateLimits.TextLength - _text.Length)
        {
            throw context.Fail($"The text gets longer than {TemplateLimits.TextLength} characters.");
        }

        context.Make(count);
    }
}
