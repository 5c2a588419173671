using System.Globalization;
using System.Text;

namespace LongContext.Accuracy;

/// <summary>The results as bars: a panel for each kind of question, a group for each length, a bar for each method.</summary>
internal static class ResultChart
{
    private const int BarWidth = 12, Gap = 26, PanelHeight = 150, Left = 50, Top = 40;

    private static readonly string[] Colours =
        ["#1b1b1b", "#c0392b", "#1f77b4", "#17a2b8", "#7fb3d5", "#b0b0b0", "#e0a030", "#8e6bbf", "#5a9e6f"];

    internal static void Write(IReadOnlyList<Result> results, string path)
    {
        string[] kinds = ResultTable.Kinds(results);
        string[] methods = [.. results.Select(r => r.Method.Label).Distinct()];
        int[] lengths = [.. results.Select(r => r.Length).Distinct()];
        int group = (methods.Length * BarWidth) + Gap;
        int width = Left + (lengths.Length * group) + 260;
        StringBuilder svg = new();
        Line(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{Top + (kinds.Length * (PanelHeight + 50))}" font-family="sans-serif" font-size="12">""");
        Line(svg, $"""<text x="{Left}" y="20" font-size="15">Score by method and context length</text>""");
        for (int k = 0; k < kinds.Length; k++)
        {
            int bottom = Top + (k * (PanelHeight + 50)) + PanelHeight;
            Line(svg, $"""<text x="{Left}" y="{bottom - PanelHeight - 4}">{kinds[k]}</text>""");
            Axis(svg, bottom, Left + (lengths.Length * group));
            foreach (Result result in results)
            {
                (double sum, int all) = result[kinds[k]];
                int method = Array.IndexOf(methods, result.Method.Label);
                int x = Left + (Array.IndexOf(lengths, result.Length) * group) + (Gap / 2) + (method * BarWidth);
                double height = all == 0 ? 0 : Math.Max(1, sum / all * PanelHeight);
                Line(svg, $"""<rect x="{x}" y="{bottom - height:F1}" width="{BarWidth - 2}" height="{height:F1}" fill="{Colours[method % Colours.Length]}"/>""");
            }

            for (int l = 0; l < lengths.Length; l++)
            {
                Line(svg, $"""<text x="{Left + (l * group) + (group / 2)}" y="{bottom + 16}" text-anchor="middle">{lengths[l]}</text>""");
            }
        }

        for (int m = 0; m < methods.Length; m++)
        {
            int y = Top + (m * 20);
            Line(svg, $"""<rect x="{width - 245}" y="{y}" width="12" height="12" fill="{Colours[m % Colours.Length]}"/>""");
            Line(svg, $"""<text x="{width - 228}" y="{y + 11}">{methods[m]}</text>""");
        }

        svg.Append("</svg>\n");
        File.WriteAllText(path, svg.ToString());
    }

    private static void Axis(StringBuilder svg, int bottom, int right)
    {
        foreach (double value in (double[])[0, 0.5, 1])
        {
            double y = bottom - (value * PanelHeight);
            Line(svg, $"""<line x1="{Left}" y1="{y:F1}" x2="{right}" y2="{y:F1}" stroke="#ddd"/>""");
            Line(svg, $"""<text x="{Left - 6}" y="{y + 4:F1}" text-anchor="end">{value:F1}</text>""");
        }
    }

    private static void Line(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
