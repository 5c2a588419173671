// End-to-end throughput of LongContext, beside llama.cpp where npm's node-llama-cpp is installed (docs/performance.md):
// dotnet run -c Release --project bench/LongContext.Throughput -- MODEL.gguf --prompt-tokens 512,4096 --decode 16 --rounds 3
using LongContext;
using LongContext.Throughput;
using LongContext.Throughput.Runs;

try
{
    if (args is [OwnEngine.ChildArgument])
    {
        await OwnEngine.RunAsync(Console.In, Console.Out);
    }
    else if (args.Length == 0 || args.Contains("--help"))
    {
        Console.Error.WriteLine(Settings.Help);
        return args.Length == 0 ? 2 : 0;
    }
    else
    {
        Comparison.Run(Settings.Parse(args), Console.Out);
    }

    return 0;
}
catch (Exception e) when (e is FormatException or LongContextException or InvalidOperationException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
