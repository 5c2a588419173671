namespace LongContext.Attention.Compression;

/// <summary>When a compressor looks at a layer's rows.</summary>
internal enum ScoringStage
{
    /// <summary>Before the rotary embedding.</summary>
    BeforeRotary,

    /// <summary>After it.</summary>
    AfterRotary,
}
