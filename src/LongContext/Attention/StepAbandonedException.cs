namespace LongContext.Attention;

/// <summary>All ranks have agreed to leave the step between two layers: nothing of it counts, and its chunks can be computed anew.</summary>
internal sealed class StepAbandonedException() : Exception("The step was abandoned.");
