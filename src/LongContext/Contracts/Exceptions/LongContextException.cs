namespace LongContext;

/// <summary>Base of all errors this library raises on purpose. The message says what was asked, what the limit is and what to change.</summary>
/// <remarks>Messages quote files that nobody vouches for: control characters are shown as '?', and more than 4,000 characters are cut.</remarks>
public class LongContextException : Exception
{
    private const int MaxMessage = 4_000;

    /// <summary>Makes an error with a message.</summary>
    public LongContextException(string message)
        : base(Presentable(message))
    {
    }

    /// <summary>Makes an error with a message and its cause.</summary>
    public LongContextException(string message, Exception? innerException)
        : base(Presentable(message), innerException)
    {
    }

    private static string Presentable(string message)
    {
        if (message.Length > MaxMessage)
        {
            int kept = char.IsHighSurrogate(message[MaxMessage - 1]) ? MaxMessage - 1 : MaxMessage;
            message = $"{message.AsSpan(0, kept)}… ({message.Length} characters)";
        }

        return message.AsSpan().ContainsAnyInRange('\0', '\u001F') || message.AsSpan().ContainsAnyInRange('\u007F', '\u009F')
            ? string.Concat(message.Select(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? '?' : c))
            : message;
    }
}
