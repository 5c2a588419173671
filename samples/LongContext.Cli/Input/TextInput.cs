using System.Text;
using LongContext.Cli.CommandLine;

namespace LongContext.Cli.Input;

/// <summary>Reads text files as UTF-8; bytes that are not UTF-8 become U+FFFD, a byte order mark is left out.</summary>
internal static class TextInput
{
    /// <summary>Standard input, as UTF-8 whatever the terminal's settings are.</summary>
    internal static StreamReader OpenStandardInput() => new(Console.OpenStandardInput(), new UTF8Encoding(false));

    /// <summary>The whole of a file; "-" is standard input.</summary>
    internal static string ReadFile(string path)
    {
        try
        {
            if (path == "-")
            {
                using StreamReader reader = OpenStandardInput();
                return reader.ReadToEnd();
            }

            return File.ReadAllText(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"Cannot read '{path}': {e.Message}");
        }
    }
}
