namespace LongContext.Communication;

/// <summary>The first fault of a communicator: what every later call on it reports.</summary>
/// <param name="Kind">What broke.</param>
/// <param name="Rank">The rank that noticed.</param>
/// <param name="SuspectedRank">The rank it is about, or <see cref="Communicator.NoRank"/>.</param>
/// <param name="Sequence">Number of the operation, counted from 0 in the order started.</param>
/// <param name="Tag">The operation's tag.</param>
/// <param name="Message">All of this for a person, with both values where two differ.</param>
public sealed record CommunicatorFault(FaultKind Kind, int Rank, int SuspectedRank, ulong Sequence, CommTag Tag, string Message);
