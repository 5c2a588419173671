namespace LongContext;

/// <summary>How a gradient is kept small.</summary>
public enum GradientClipping
{
    /// <summary>Scaled so that its norm, over all weights together, is at most the limit.</summary>
    Norm,

    /// <summary>Each element is cut to the limit.</summary>
    Value,
}
