namespace LongContext;

/// <summary>Whether a session computes a little before its first request.</summary>
public enum WarmUp
{
    /// <summary>Building the session runs a few rows through one layer of each kind: the first request finds its kernels compiled.</summary>
    AtBuild,

    /// <summary>Nothing is computed before the first request, which pays for the compilation of the kernels.</summary>
    None,
}
