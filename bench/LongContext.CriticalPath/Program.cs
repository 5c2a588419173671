// Critical path of prefill on many hosts, from one machine: ranks compute one after another, a model of the link puts them side by side (docs/performance.md).
// dotnet run -c Release --project bench/LongContext.CriticalPath -- 1b --tokens 32768 --hosts 8
using System.Diagnostics;
using System.Globalization;
using LongContext;
using LongContext.CriticalPath;
using LongContext.CriticalPath.Recording;
using LongContext.CriticalPath.Report;
using LongContext.CriticalPath.Runs;
using LongContext.CriticalPath.Simulation;

static string Each(IEnumerable<double> values) => string.Join(" ", values.Select(v => v.ToString("0.000", CultureInfo.InvariantCulture)));

if (args.Length == 0 || args.Contains("--help"))
{
    Console.Error.WriteLine(Settings.Help);
    return args.Length == 0 ? 2 : 0;
}

try
{
    Settings settings = Settings.Parse(args);
    double scale = (double)settings.Shape.Shape.Layers / settings.Layers;
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{settings.Shape.Shape.Name}, {settings.Type} weights, {settings.Layers} of {settings.Shape.Shape.Layers} layers measured, {settings.Hosts} hosts of {settings.Threads} cores, {settings.Clock.Name} time; {Environment.ProcessorCount} cores here"));
    foreach (int tokens in settings.Tokens)
    {
        Measurer measurer = new(settings, settings.Shape.Write(settings.Folder, settings.Layers, settings.Type));
        List<(MethodCase Case, List<Measurement> Rounds)> measured = [];
        foreach (MethodCase method in settings.Methods.Select(m => MethodCase.Create(m, settings.Hosts)))
        {
            double needed = measurer.NeededBytes(method, tokens) / 1e9;
            if (needed <= settings.MemoryGigabytes)
            {
                measured.Add((method, []));
            }
            else
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{tokens} tokens, {method.Label}: left out, all ranks need {needed:0.0} GB; --memory allows {settings.MemoryGigabytes:0.0}"));
            }
        }

        for (int round = 0; round < settings.Rounds; round++)
        {
            foreach ((MethodCase method, List<Measurement> rounds) in measured)
            {
                Measurement one = await measurer.MeasureAsync(method, tokens);
                rounds.Add(one);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{tokens} tokens, {method.Label}, round {round}, each rank's seconds: {Each(one.Ranks.Select(r => r.Sum(e => e.Seconds)))}; TFLOP: {Each(one.Operations.Select(o => o.Total / 1e12))}; MB sent: {Each(one.Ranks.Select(r => r.Where(e => e.Kind == EventKind.Start).Sum(e => e.Part!.Sends.Sum(m => m.Bytes)) / 1e6))}"));
            }
        }

        foreach ((string name, LongContext.Planning.LinkProfile link) in settings.Links)
        {
            List<PathRow> rows = [];
            foreach ((MethodCase method, List<Measurement> rounds) in measured)
            {
                PathReport[] reports = [.. rounds.Select(r => LinkSimulation.Run(r.Ranks, link)).OrderBy(r => r.Seconds)];
                rows.Add(new PathRow(method, tokens, name, reports[(reports.Length - 1) / 2], rounds[0].Operations.Max(o => o.Total), scale));
            }

            Console.WriteLine($"\n{settings.Shape.Shape.Name}, {tokens} tokens, {settings.Hosts} hosts, link {name}\n");
            Console.WriteLine(PathTable.Format(rows));
        }
    }

    using Process self = Process.GetCurrentProcess();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"most memory of this process at any time: {self.PeakWorkingSet64 / 1e9:0.0} GB"));
    return 0;
}
catch (Exception e) when (e is FormatException or LongContextException or InvalidOperationException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
