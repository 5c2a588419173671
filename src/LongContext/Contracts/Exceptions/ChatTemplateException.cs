namespace LongContext;

/// <summary>A chat template is malformed, exceeds its budgets, or refused the conversation (<c>raise_exception</c>).</summary>
/// <param name="message">What happened.</param>
/// <param name="line">1-based line in the template, or 0 when there is none to name.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class ChatTemplateException(string message, int line = 0, Exception? innerException = null)
    : LongContextException(line > 0 ? $"Chat template, line {line}: {message}" : $"Chat template: {message}", innerException)
{
    /// <summary>1-based line in the template, or 0.</summary>
    public int Line { get; } = line;
}
