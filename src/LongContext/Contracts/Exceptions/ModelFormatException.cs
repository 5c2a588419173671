namespace LongContext;

/// <summary>A model, tokenizer or configuration file is malformed, truncated, contradictory or unsafe.</summary>
/// <param name="file">The file, as it was named to the library.</param>
/// <param name="field">The field, tensor or key at fault; empty when the file as a whole is.</param>
/// <param name="reason">What is wrong, with the numbers.</param>
/// <param name="offset">Byte offset in the file, or −1 when there is none to name.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class ModelFormatException(string file, string field, string reason, long offset = -1, Exception? innerException = null)
    : LongContextException(
        $"{file}{(offset >= 0 ? $" at byte {offset}" : "")}{(field.Length > 0 ? $", {field}" : "")}: {reason}", innerException)
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>The field, tensor or key at fault; may be empty.</summary>
    public string Field { get; } = field;

    /// <summary>Byte offset in the file, or −1.</summary>
    public long Offset { get; } = offset;
}
