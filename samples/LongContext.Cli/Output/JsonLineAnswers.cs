using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;

namespace LongContext.Cli.Output;

/// <summary>The <c>--jsonl</c> loop: one JSON object per line of standard input, one answer per line, in order.</summary>
/// <remarks>
/// A line that cannot be answered (no JSON, a key missing, an id out of range, a template that refuses) gets <c>{"error": "…"}</c>
/// in its place and the loop goes on; the exit code stays 0, since every line has its answer.
/// </remarks>
internal static class JsonLineAnswers
{
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = 64 };

    internal static int Run(Func<JsonElement, JsonObject> answer, CancellationToken cancellationToken)
    {
        using StreamReader input = TextInput.OpenStandardInput();
        while (input.ReadLine() is { } line)
        {
            cancellationToken.ThrowIfCancellationRequested();
            StandardOutput.WriteJson(Answer(line, answer));
        }

        return ExitCode.Success;
    }

    /// <summary>The string of a line's key.</summary>
    internal static string RequireText(JsonElement line, string key) =>
        Require(line, key) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw WrongType(key, "a string");

    /// <summary>The integers of a line's key.</summary>
    internal static int[] RequireIds(JsonElement line, string key) =>
        Require(line, key) is { ValueKind: JsonValueKind.Array } value
            ? [.. value.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int id) ? id : throw WrongType(key, "an array of integers"))]
            : throw WrongType(key, "an array of integers");

    private static JsonElement Require(JsonElement line, string key) => line.ValueKind == JsonValueKind.Object
        ? line.TryGetProperty(key, out JsonElement value) ? value : throw new UsageException($"The line has no \"{key}\".")
        : throw new UsageException($"The line is not a JSON object with \"{key}\".");

    private static UsageException WrongType(string key, string expected) => new($"\"{key}\" must be {expected}.");

    private static JsonObject Answer(string line, Func<JsonElement, JsonObject> answer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, DocumentOptions);
            return answer(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or UsageException or LongContextException)
        {
            return new JsonObject { ["error"] = e.Message };
        }
        catch (InvalidOperationException)
        {
            return new JsonObject { ["error"] = "A string of the line has half of a surrogate pair." };
        }
    }
}
