using System.Text;
using System.Text.Json.Nodes;

namespace LongContext.Cli.Output;

/// <summary>Follows a stream to its end, showing text as it comes, and keeps all of it.</summary>
internal sealed class StreamedAnswer
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _tokenIds = [];

    internal string Text => _text.ToString();

    internal FinishReason? FinishReason { get; private set; }

    internal RunReport? Report { get; private set; }

    /// <param name="updates">The stream.</param>
    /// <param name="echo">Where text is shown at once; null shows nothing.</param>
    /// <param name="progress">Taken away before the first text.</param>
    internal async Task ReadAsync(IAsyncEnumerable<GenerationUpdate> updates, StreamWriter? echo, ProgressLine progress)
    {
        await foreach (GenerationUpdate update in updates)
        {
            progress.Clear();
            _text.Append(update.Text);
            _tokenIds.AddRange(update.TokenIds);
            FinishReason = update.FinishReason ?? FinishReason;
            Report = update.Usage is { } usage ? new RunReport(usage) : Report;
            if (echo is not null)
            {
                await echo.WriteAsync(update.Text);
                await echo.FlushAsync();
            }
        }
    }

    /// <summary>Text, ids, finish reason and figures.</summary>
    internal JsonObject ToJson()
    {
        JsonObject json = new()
        {
            ["text"] = Text,
            ["tokenIds"] = new JsonArray([.. _tokenIds.Select(id => (JsonNode)id)]),
            ["finishReason"] = FinishReason is { } reason ? JsonNames.Of(reason) : null,
        };
        Report?.AddTo(json);
        return json;
    }
}
