using System.Globalization;
using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Output;
using LongContext.Planning;

namespace LongContext.Cli.Commands;

/// <summary>Foretells time, bytes and memory of every attention method for one prompt over some hosts.</summary>
internal sealed class PlanCommand : Command
{
    private const string ThisMachine = "this";
    private const string LocalLink = "local";

    internal override string Name => "plan";

    internal override string Summary => "foretells each method's time, traffic and memory over several hosts";

    internal override string Usage => "MODEL --tokens N [--hosts N] [--link LINK] [--profile HOST] [--virtual-hosts N] [engine options] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
    [
        CommandLine.Options.Tokens, CommandLine.Options.PlannedHosts, CommandLine.Options.Link, CommandLine.Options.Profile,
        CommandLine.Options.VirtualHosts, CommandLine.Options.LinkRoot, CommandLine.Options.Threads, CommandLine.Options.KV,
        CommandLine.Options.Precision, CommandLine.Options.Json,
    ];

    internal override async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string path = arguments.RequireModel("a model");
        int tokens = arguments.GetInteger(CommandLine.Options.Tokens, minimum: 1)
            ?? throw new UsageException($"'{Name}' needs {CommandLine.Options.Tokens.Name} N.");
        int hosts = arguments.GetInteger(CommandLine.Options.PlannedHosts, minimum: 1) ?? 1;
        string linkName = arguments.GetText(CommandLine.Options.Link) ?? LocalLink;
        string profileName = arguments.GetText(CommandLine.Options.Profile) ?? ThisMachine;
        EngineOptions engine = EngineOptions.From(arguments).AsFull(); // the hosts here are only planned
        InferenceSessionBuilder builder = engine.CreateBuilder(path);
        ModelInfo model = builder.Inspect();

        LinkProfile link = linkName == LocalLink ? LocalMeasurement.Link(Math.Max(2, hosts)) : LinkProfile.Parse(linkName);
        HostProfile machine = profileName == ThisMachine
            ? await LocalMeasurement.HostAsync(builder, model, cancellationToken)
            : HostProfile.Named(profileName);
        PlanRequest request = new()
        {
            Tokens = tokens,
            Hosts = hosts,
            Host = linkName == LocalLink ? machine.Share(hosts) : machine,
            Link = link,
            KVElementBytes = engine.KV switch { KVCacheType.Float32 => 4, KVCacheType.Q8_0 => 1.1, _ => 2 },
            VirtualHosts = arguments.GetInteger(CommandLine.Options.VirtualHosts, minimum: 1) ?? 8,
        };
        IReadOnlyList<MethodPlan> plans = ExecutionPlanner.Plan(model, request);
        if (arguments.Has(CommandLine.Options.Json))
        {
            StandardOutput.WriteJson(ToJson(path, request, plans));
        }
        else
        {
            Write(path, request, plans);
        }

        return ExitCode.Success;
    }

    private static JsonObject ToJson(string path, PlanRequest request, IReadOnlyList<MethodPlan> plans) => new()
    {
        ["path"] = path,
        ["tokens"] = request.Tokens,
        ["hosts"] = request.Hosts,
        ["matrixFlops"] = request.Host.MatrixFlops,
        ["attentionFlops"] = request.Host.AttentionFlops,
        ["memoryBytesPerSecond"] = request.Host.MemoryBytesPerSecond,
        ["linkLatencySeconds"] = request.Link.LatencySeconds,
        ["linkBytesPerSecond"] = request.Link.BytesPerSecond,
        ["methods"] = new JsonArray([.. plans.Select(p => new JsonObject
        {
            ["method"] = JsonNames.Of(p.Method),
            ["exact"] = p.IsExact,
            ["blocks"] = p.Blocks,
            ["prefillSeconds"] = p.PrefillSeconds,
            ["computeSeconds"] = p.ComputeSeconds,
            ["communicationSeconds"] = p.CommunicationSeconds,
            ["prefillBytesSent"] = p.PrefillBytesSent,
            ["decodeSecondsPerToken"] = p.DecodeSecondsPerToken,
            ["decodeBytesPerToken"] = p.DecodeBytesPerToken,
            ["weightBytes"] = p.WeightBytes,
            ["kvCacheBytes"] = p.KVCacheBytes,
        })]),
    };

    private static void Write(string path, PlanRequest request, IReadOnlyList<MethodPlan> plans)
    {
        StreamWriter output = StandardOutput.Text;
        output.WriteLine(Line($"{path}: {request.Tokens:N0} tokens over {request.Hosts} host(s)"));
        output.WriteLine(Line(
            $"each host: {request.Host.MatrixFlops / 1e9:N0} GFLOP/s in matrix products, {request.Host.AttentionFlops / 1e9:N0} in attention, {request.Host.MemoryBytesPerSecond / 1e9:F1} GB/s in decoding; link: {request.Link.LatencySeconds * 1e6:F1} us, {request.Link.BytesPerSecond / 1e9:F2} GB/s"));
        output.WriteLine();
        output.WriteLine($"{"method",-12} {"blocks",6} {"prefill",10} {"compute",10} {"transfer",10} {"sent/host",10} {"decode",10} {"moved/token",12} {"KV/host",10}");
        foreach (MethodPlan p in plans)
        {
            output.WriteLine(
                $"{JsonNames.Of(p.Method),-12} {p.Blocks,6} {Time(p.PrefillSeconds),10} {Time(p.ComputeSeconds),10} {Time(p.CommunicationSeconds),10} " +
                $"{Bytes(p.PrefillBytesSent),10} {Time(p.DecodeSecondsPerToken),10} {Bytes(p.DecodeBytesPerToken),12} {Bytes(p.KVCacheBytes),10}");
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Time(double seconds) => seconds switch
    {
        0 => "0",
        < 1e-3 => Line($"{seconds * 1e6:F0} us"),
        < 1 => Line($"{seconds * 1e3:F1} ms"),
        < 600 => Line($"{seconds:F1} s"),
        _ => Line($"{seconds / 60:F0} min"),
    };

    private static string Bytes(double bytes) => bytes switch
    {
        < 1e4 => Line($"{bytes:F0} B"),
        < 1e7 => Line($"{bytes / 1e3:F0} kB"),
        < 1e10 => Line($"{bytes / 1e6:F0} MB"),
        _ => Line($"{bytes / 1e9:F1} GB"),
    };
}
