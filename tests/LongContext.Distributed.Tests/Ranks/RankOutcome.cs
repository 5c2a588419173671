using System.Text.Json;
using LongContext.Communication;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>What a rank threw, as text that another process reads.</summary>
internal sealed record RankOutcome(string? Type, string Message, CommunicatorFault? Fault)
{
    internal static string Write(Exception? thrown) => JsonSerializer.Serialize(new RankOutcome(
        thrown?.GetType().AssemblyQualifiedName, thrown?.ToString() ?? "", (thrown as CommunicatorException)?.Fault));

    /// <summary>An exception of the same type, with the text of all its causes.</summary>
    internal static Exception? Read(string text)
    {
        RankOutcome outcome = JsonSerializer.Deserialize<RankOutcome>(text)!;
        if (outcome.Fault is not null)
        {
            return new CommunicatorException(outcome.Fault);
        }

        return outcome.Type is null
            ? null
            : (Exception)Activator.CreateInstance(System.Type.GetType(outcome.Type)!, outcome.Message)!;
    }
}
