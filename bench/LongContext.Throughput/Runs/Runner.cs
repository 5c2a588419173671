namespace LongContext.Throughput.Runs;

/// <summary>A program that reads a <see cref="RunRequest"/> and writes a <see cref="RunResult"/>.</summary>
/// <param name="FileName">What to start.</param>
/// <param name="Arguments">With what.</param>
internal sealed record Runner(string FileName, params string[] Arguments)
{
    /// <summary>This program itself, as a child.</summary>
    internal static Runner Own { get; } = new(Environment.ProcessPath!, OwnArguments());

    /// <summary>llama.cpp through the package installed in this folder.</summary>
    internal static Runner LlamaCpp(string folder)
    {
        string package = Path.Combine(folder, "node_modules", "node-llama-cpp");
        return Directory.Exists(package)
            ? new Runner("node", Path.Combine(AppContext.BaseDirectory, "peer", "llama-cpp.mjs"), folder)
            : throw new FormatException(
                $"There is no {package}. Install it there (NODE_LLAMA_CPP_SKIP_DOWNLOAD=true npm install node-llama-cpp), or leave --peer away.");
    }

    /// <summary>Under <c>dotnet</c> the program's assembly is its first argument; its own host needs none.</summary>
    private static string[] OwnArguments() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [typeof(Runner).Assembly.Location, OwnEngine.ChildArgument]
        : [OwnEngine.ChildArgument];
}
