// dotnet run -c Release --project bench/LongContext.Benchmarks -- --filter '*Linear*'
// dotnet run -c Release --project bench/LongContext.Benchmarks -- profile MODEL 512 16
// dotnet run -c Release --project bench/LongContext.Benchmarks -- decode MODEL 512
// dotnet run -c Release --project bench/LongContext.Benchmarks -- attention 16384
// dotnet run -c Release --project bench/LongContext.Benchmarks -- rows 2
// dotnet run -c Release --project bench/LongContext.Benchmarks -- write llama3.2-1b Q8_0 1b-q8.gguf
// dotnet run -c Release --project bench/LongContext.Benchmarks -- amx 2
using BenchmarkDotNet.Running;
using LongContext.Benchmarks.Amx;
using LongContext.Benchmarks.Decode;
using LongContext.Benchmarks.Profile;
using LongContext.Benchmarks.Rows;
using LongContext.Tensors;
using LongContext.Tests.Shared.Golden;

if (args is ["profile", _, ..])
{
    await OperationProfile.RunAsync(args[1..], Console.Out);
}
else if (args is ["decode", _, ..])
{
    await DecodeShare.RunAsync(args[1..], Console.Out);
}
else if (args is ["attention", ..])
{
    AttentionShare.Run(args[1..], Console.Out);
}
else if (args is ["rows", ..])
{
    RowCosts.Run(args[1..], Console.Out);
}
else if (args is ["write", _, _, _])
{
    GoldenModel.WriteGguf(args[3], args[1], Enum.Parse<DType>(args[2], ignoreCase: true)); // random weights, in the shape of a known model
}
else if (args is ["amx", ..])
{
    TileShares.Run(args[1..], Console.Out);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
