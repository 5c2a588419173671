using System.Reflection;

namespace LongContext.Cli.CommandLine;

/// <summary>What <c>--help</c> and <c>--version</c> print.</summary>
internal static class HelpText
{
    internal static string Version =>
        typeof(InferenceSession).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    internal static void WriteAll(TextWriter output, IEnumerable<Command> commands)
    {
        output.WriteLine("LongContext.Cli: runs language models over very long inputs.");
        output.WriteLine();
        output.WriteLine("Usage: LongContext.Cli COMMAND ...");
        output.WriteLine();
        foreach (Command command in commands)
        {
            output.WriteLine($"  {command.Name,-22} {command.Summary}");
        }

        output.WriteLine();
        output.WriteLine("'COMMAND --help' lists a command's options; '--version' prints the version.");
        output.WriteLine("MODEL is a Hugging Face folder or a GGUF file. Exit codes: 0 done, 1 failure, 2 bad input, 75 a rank failed, 78 ranks differ, 130 Ctrl+C.");
    }

    internal static void WriteCommand(TextWriter output, Command command)
    {
        output.WriteLine($"{command.Name}: {command.Summary}");
        output.WriteLine();
        output.WriteLine($"Usage: LongContext.Cli {command.Name} {command.Usage}");
        output.WriteLine();
        foreach (Option option in command.Options)
        {
            output.WriteLine($"  {option.Name + (option.Value is null ? "" : " " + option.Value),-28} {option.Help}");
        }
    }
}
