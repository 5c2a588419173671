namespace LongContext;

/// <summary>The engine stopped because of an internal error; every request of the session ends with it.</summary>
/// <param name="reason">What broke.</param>
/// <param name="innerException">The cause.</param>
public sealed class EngineFaultedException(string reason, Exception? innerException = null)
    : LongContextException($"The engine stopped: {reason} Dispose this session and build a new one.", innerException);
