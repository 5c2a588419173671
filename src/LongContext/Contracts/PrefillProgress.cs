namespace LongContext;

/// <summary>How far a prompt's prefill is.</summary>
/// <param name="TokensDone">Prompt tokens processed or found in the cache.</param>
/// <param name="TokensTotal">Prompt tokens.</param>
/// <param name="Elapsed">Since the request was submitted.</param>
/// <param name="EstimatedTimeLeft">By the rate so far, growing attention cost included; null while unknown.</param>
public readonly record struct PrefillProgress(int TokensDone, int TokensTotal, TimeSpan Elapsed, TimeSpan? EstimatedTimeLeft);
