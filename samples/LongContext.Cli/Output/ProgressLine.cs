using System.Diagnostics;
using System.Globalization;

namespace LongContext.Cli.Output;

/// <summary>A bar on the terminal's last line for loading and prefill; nothing at all where standard error goes to a file.</summary>
/// <remarks>Called on the engine's thread, so it draws at most ten times a second.</remarks>
internal sealed class ProgressLine : IProgress<LoadProgress>, IProgress<PrefillProgress>
{
    private const int Cells = 30;
    private readonly bool _visible = !Console.IsErrorRedirected;
    private readonly Lock _lock = new();
    private long _drawnAt;
    private bool _drawn;

    /// <inheritdoc/>
    public void Report(LoadProgress value) => Draw("loading", value.BytesDone, value.BytesTotal, null);

    /// <inheritdoc/>
    public void Report(PrefillProgress value) => Draw("reading", value.TokensDone, value.TokensTotal, value.EstimatedTimeLeft);

    /// <summary>Takes the bar away, before other output.</summary>
    internal void Clear()
    {
        lock (_lock)
        {
            if (_drawn)
            {
                Console.Error.Write("\r\e[K");
                _drawn = false;
            }
        }
    }

    private void Draw(string what, long done, long total, TimeSpan? left)
    {
        if (!_visible || total <= 0)
        {
            return;
        }

        if (done >= total)
        {
            Clear();
            return;
        }

        lock (_lock)
        {
            if (_drawn && Stopwatch.GetElapsedTime(_drawnAt).TotalMilliseconds < 100)
            {
                return;
            }

            int filled = (int)(Cells * (double)done / total);
            string time = left is { } span ? string.Create(CultureInfo.InvariantCulture, $" {span.TotalSeconds:F0} s left") : "";
            Console.Error.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"\r\e[K{what} [{new string('#', filled)}{new string('.', Cells - filled)}] {100.0 * done / total:F0} %{time}"));
            (_drawn, _drawnAt) = (true, Stopwatch.GetTimestamp());
        }
    }
}
