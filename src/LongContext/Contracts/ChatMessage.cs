namespace LongContext;

/// <summary>One message of a conversation, for the model's chat template.</summary>
/// <param name="Role">"system", "user", "assistant", "tool" or what else the template knows.</param>
/// <param name="Content">The text.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>A system message.</summary>
    public static ChatMessage System(string content) => new("system", content);

    /// <summary>A user's message.</summary>
    public static ChatMessage User(string content) => new("user", content);

    /// <summary>An assistant's message.</summary>
    public static ChatMessage Assistant(string content) => new("assistant", content);
}
