using LongContext.CriticalPath.Runs;
using LongContext.CriticalPath.Simulation;

namespace LongContext.CriticalPath.Report;

/// <summary>One measured case over one link.</summary>
/// <param name="Case">The case.</param>
/// <param name="Tokens">Length of the prompt.</param>
/// <param name="Link">The link's name.</param>
/// <param name="Path">Of the layers that were measured.</param>
/// <param name="Operations">Floating-point operations of the rank that has most, in the layers measured.</param>
/// <param name="Scale">All layers ÷ layers measured.</param>
internal sealed record PathRow(MethodCase Case, int Tokens, string Link, PathReport Path, double Operations, double Scale)
{
    /// <summary>To the first token, all layers.</summary>
    internal double Seconds => Path.Seconds * Scale;
}
