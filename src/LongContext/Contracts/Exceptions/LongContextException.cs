namespace LongContext;

/// <summary>Base of all errors this library raises on purpose. The message says what was asked, what the limit is and what to change.</summary>
public class LongContextException : Exception
{
    /// <summary>Makes an error with a message.</summary>
    public LongContextException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an error with a message and its cause.</summary>
    public LongContextException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
