// dotnet run -c Release --project bench/LongContext.Benchmarks -- --filter '*Linear*'
// dotnet run -c Release --project bench/LongContext.Benchmarks -- profile MODEL 512 16
using BenchmarkDotNet.Running;
using LongContext.Benchmarks.Profile;

if (args is ["profile", _, ..])
{
    await OperationProfile.RunAsync(args[1..], Console.Out);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
