namespace LongContext;

/// <summary>How a training of retaining heads goes.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">The last sample's loss.</param>
/// <param name="Recall">Of the last sample's attention that falls on its prompt's most attended tenth: the share on tokens that the heads score among the highest tenth; 0 to 1.</param>
/// <param name="Elapsed">Since this run began.</param>
public readonly record struct RetainingHeadTrainingProgress(int Step, int Steps, double Loss, double Recall, TimeSpan Elapsed);
