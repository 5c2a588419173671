using System.Globalization;
using System.Text;

namespace LongContext.CriticalPath.Report;

/// <summary>Markdown tables that a terminal shows as well: a row for each method, a table for each length and link.</summary>
internal static class PathTable
{
    /// <summary>All rows of one length and one link.</summary>
    internal static string Format(IReadOnlyList<PathRow> rows)
    {
        PathRow? apb = Named(rows, "apb");
        StringBuilder text = new();
        Line(text, "method", "first token, s", "÷ APB", "÷ APB zigzag", "paper, ÷ APB", "busiest rank computes, s", "above the average", "transfer on the path", "TFLOP, most of a rank", "MB sent, most of a rank");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|");
        PathRow? zigzag = Named(rows, "apb-zigzag");
        foreach (PathRow row in rows)
        {
            double? paper = PaperTimes.BesideApb(row.Case.Name, row.Tokens);
            Line(
                text, row.Case.Label, Number(row.Seconds, "0.00"), Ratio(row, apb), Ratio(row, zigzag), paper is { } p ? Number(p, "0.00") : "",
                Number(row.Path.Compute.Max() * row.Scale, "0.00"), Percent(row.Path.Imbalance), Percent(row.Path.TransferShare),
                Number(row.Operations * row.Scale / 1e12, "0.00"), Number(row.Path.BytesSent.Max() * row.Scale / 1e6, "0.0"));
        }

        return text.ToString();
    }

    private static PathRow? Named(IReadOnlyList<PathRow> rows, string name) => rows.FirstOrDefault(r => r.Case.Name == name);

    private static string Ratio(PathRow row, PathRow? other) => other is null ? "" : Number(row.Seconds / other.Seconds, "0.00");

    private static string Percent(double part) => Number(100 * part, "0.0") + " %";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static void Line(StringBuilder text, params ReadOnlySpan<string> cells) => text.AppendLine("| " + string.Join(" | ", cells.ToArray()) + " |");
}
