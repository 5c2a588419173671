using System.Text;

namespace LongContext.Throughput.Report;

/// <summary>Figures of several engines over several runs, as a Markdown table: a row a figure, a column an engine, ratios last.</summary>
/// <remarks>A ratio is taken run by run (what was measured side by side), first engine ÷ the other; its median is no quotient of medians.</remarks>
internal sealed class FigureTable
{
    private readonly List<string> _figures = [];
    private readonly List<string> _engines = [];
    private readonly Dictionary<(string Figure, string Engine), SortedDictionary<int, double>> _values = [];

    internal bool IsEmpty => _figures.Count == 0;

    /// <summary>Adds a measurement; rows and columns come in the order of their first values.</summary>
    /// <param name="figure">What, with its unit: "prefill 512, tokens/s".</param>
    /// <param name="engine">Whose.</param>
    /// <param name="run">Values of the same run are compared.</param>
    /// <param name="value">How much.</param>
    internal void Add(string figure, string engine, int run, double value)
    {
        if (!_figures.Contains(figure))
        {
            _figures.Add(figure);
        }

        if (!_engines.Contains(engine))
        {
            _engines.Add(engine);
        }

        if (!_values.TryGetValue((figure, engine), out SortedDictionary<int, double>? runs))
        {
            _values[(figure, engine)] = runs = [];
        }

        runs.Add(run, value);
    }

    /// <summary>Median, least and greatest of a figure; null where there is none.</summary>
    internal Spread? Of(string figure, string engine) =>
        _values.TryGetValue((figure, engine), out SortedDictionary<int, double>? runs) ? Spread.Of(runs.Values) : null;

    /// <summary>First engine ÷ other over the runs that both have; null where there is none.</summary>
    internal Spread? RatioTo(string figure, string other)
    {
        if (!_values.TryGetValue((figure, _engines[0]), out SortedDictionary<int, double>? own) ||
            !_values.TryGetValue((figure, other), out SortedDictionary<int, double>? theirs))
        {
            return null;
        }

        double[] ratios = [.. own.Where(run => theirs.ContainsKey(run.Key)).Select(run => run.Value / theirs[run.Key])];
        return ratios.Length > 0 ? Spread.Of(ratios) : null;
    }

    /// <summary>The table.</summary>
    public override string ToString()
    {
        string[] others = [.. _engines.Skip(1)];
        StringBuilder table = new();
        AddLine(table, ["median (min-max)", .. _engines, .. others.Select(other => $"{_engines[0]} ÷ {other}")]);
        AddLine(table, Enumerable.Repeat("---", 1 + _engines.Count + others.Length));
        foreach (string figure in _figures)
        {
            AddLine(table, [figure, .. _engines.Select(engine => Cell(Of(figure, engine))), .. others.Select(other => Cell(RatioTo(figure, other)))]);
        }

        return table.ToString();
    }

    private static string Cell(Spread? spread) => spread?.ToString() ?? "";

    private static void AddLine(StringBuilder table, IEnumerable<string> cells) => table.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
