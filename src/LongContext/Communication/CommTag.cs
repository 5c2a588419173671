using System.Globalization;

namespace LongContext.Communication;

/// <summary>Says what an operation is for; compared across ranks, so that ranks that diverge get an error and do not hang.</summary>
/// <param name="Step">Step of the engine.</param>
/// <param name="Layer">Decoder layer, 0-based.</param>
/// <param name="Phase">What is moved.</param>
/// <param name="Part">Which of several operations of one phase: a ring step, a piece.</param>
public readonly record struct CommTag(uint Step, ushort Layer, CommPhase Phase, byte Part)
{
    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Phase}, layer {Layer}, step {Step}, part {Part}");
}
