using Microsoft.Extensions.Logging;

namespace LongContext.Diagnostics;

/// <summary>Every message the library logs. Prompts and generated text are never logged.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Loaded {Architecture} with {Parameters} parameters from {Path} on {Device}; context {ContextLength} tokens, {Pages} KV pages of {PageSize} tokens.")]
    internal static partial void ModelLoaded(
        ILogger logger, string architecture, long parameters, string path, string device, int contextLength, int pages, int pageSize);

    [LoggerMessage(2, LogLevel.Debug, "Request {Request}: {PromptTokens} prompt tokens submitted.")]
    internal static partial void RequestSubmitted(ILogger logger, long request, int promptTokens);

    [LoggerMessage(3, LogLevel.Debug, "Request {Request} ended: {Outcome}.")]
    internal static partial void RequestEnded(ILogger logger, long request, string outcome);

    [LoggerMessage(4, LogLevel.Warning, "Request {Request} failed; other requests go on.")]
    internal static partial void RequestFailed(ILogger logger, Exception exception, long request);

    [LoggerMessage(5, LogLevel.Critical, "The engine stopped; {Requests} requests end with it.")]
    internal static partial void EngineFaulted(ILogger logger, Exception exception, int requests);

    [LoggerMessage(6, LogLevel.Information, "The engine was disposed.")]
    internal static partial void EngineDisposed(ILogger logger);

    [LoggerMessage(7, LogLevel.Error, "The model's memory could not be released.")]
    internal static partial void ReleaseFailed(ILogger logger, Exception exception);

    [LoggerMessage(8, LogLevel.Information, "A prompt of {PromptTokens} tokens is read with full attention: {Method} would not pay for its length.")]
    internal static partial void ReadExactly(ILogger logger, int promptTokens, string method);
}
