using Microsoft.Extensions.AI;

namespace LongContext.Extensions.AI;

/// <summary>Presents a session as an <see cref="IChatClient"/>.</summary>
public static class ChatClientSessionExtensions
{
    /// <summary>A chat client over <paramref name="session"/>, which stays the caller's to dispose.</summary>
    /// <param name="session">The session; any number of clients may share it.</param>
    /// <param name="defaults">What holds where a request's options say nothing; null means <see cref="GenerationOptions.Default"/>.</param>
    public static IChatClient AsIChatClient(this InferenceSession session, GenerationOptions? defaults = null) =>
        new LongContextChatClient(session, defaults);
}
