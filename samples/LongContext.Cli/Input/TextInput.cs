using System.Text;
using LongContext.Cli.CommandLine;

namespace LongContext.Cli.Input;

/// <summary>Reads text files as UTF-8; bytes that are not UTF-8 become U+FFFD, a byte order mark is left out.</summary>
internal static class TextInput
{
    private const int MaxLength = 1 << 26; // as the tokenizers

    /// <summary>Standard input, as UTF-8 whatever the terminal's settings are.</summary>
    internal static StreamReader OpenStandardInput() => new(Console.OpenStandardInput(), new UTF8Encoding(false));

    /// <summary>The whole of a file; "-" is standard input.</summary>
    internal static string ReadFile(string path)
    {
        try
        {
            using StreamReader reader = path == "-" ? OpenStandardInput() : new StreamReader(path, Encoding.UTF8);
            return ReadAll(reader, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"Cannot read '{path}': {e.Message}");
        }
    }

    // A device may never end: what no tokenizer takes is not read.
    private static string ReadAll(StreamReader reader, string path)
    {
        StringBuilder text = new();
        char[] buffer = new char[1 << 16];
        for (int read; (read = reader.Read(buffer)) > 0;)
        {
            if (text.Length + read > MaxLength)
            {
                throw new UsageException($"Cannot read '{path}': it has more than {MaxLength} characters. Give it in parts.");
            }

            text.Append(buffer, 0, read);
        }

        return text.ToString();
    }
}
