namespace LongContext.Training;

/// <summary>What an observer of the forward pass looks at.</summary>
internal enum ObservationStage
{
    /// <summary>Nothing: the prompt is put into the cache.</summary>
    Fill,

    /// <summary>A continuation's attention, for the labels.</summary>
    Labels,

    /// <summary>The prompt's rows once more, for the gradient.</summary>
    Gradient,
}
