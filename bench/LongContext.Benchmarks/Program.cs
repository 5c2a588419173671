// dotnet run -c Release --project bench/LongContext.Benchmarks -- --filter '*Linear*'
using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
