using LongContext.Communication;
using LongContext.Planning;

namespace LongContext.Cli.Commands;

/// <summary>Measures this machine for a plan: its compute rates by the model itself, and the link between ranks that are its threads.</summary>
internal static class LocalMeasurement
{
    private const int ShortPrompt = 256;
    private const int LongPrompt = 4096;
    private const int Room = 32;

    /// <summary>Loads the model and runs two prompts.</summary>
    internal static async Task<HostProfile> HostAsync(InferenceSessionBuilder builder, ModelInfo model, CancellationToken cancellationToken)
    {
        int longest = Math.Min(LongPrompt, model.MaxContextLength - Room);
        int shortest = Math.Max(16, Math.Min(ShortPrompt, longest / 4));
        await using InferenceSession session = await builder
            .UseContextLength(longest + Room)
            .UsePrefixReuse(PrefixReuse.Disabled)
            .UseMaxConcurrentRequests(1)
            .BuildAsync(cancellationToken: cancellationToken);
        return await HostCalibration.MeasureAsync(session, shortest, longest, cancellationToken);
    }

    /// <summary>Sends messages round ranks that are threads of this process.</summary>
    internal static LinkProfile Link(int ranks)
    {
        IReadOnlyList<ICommunicator> communicators = InProcessCommunicator.Create(ranks);
        LinkProfile[] links = new LinkProfile[ranks];
        Thread[] threads = [.. communicators.Select(c => new Thread(() =>
        {
            using (c)
            {
                links[c.Rank] = LinkCalibration.Measure(c);
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        return links[0];
    }
}
