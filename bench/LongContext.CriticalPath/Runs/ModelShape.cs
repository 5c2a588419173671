using LongContext.Tensors;
using LongContext.Tests.Shared.Golden;

namespace LongContext.CriticalPath.Runs;

/// <summary>A random model of a known shape with some of its layers; all layers of such a model cost the same.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Shape">With all layers.</param>
internal sealed record ModelShape(string Name, GoldenShape Shape)
{
    private const int Vocabulary = 4_096; // the output matrix is multiplied by one row: a few milliseconds at its full size, and a gigabyte to write
    private const int LongestContext = 1 << 20;

    private static readonly ModelShape[] Known =
    [
        new("tiny", GoldenShapes.TinyHeads8),
        new("160m", GoldenShapes.Llama160M),
        new("1b", GoldenShapes.Llama32x1B),
        new("8b", GoldenShapes.Llama32x1B with
        {
            Name = "llama3.1-8b", HiddenSize = 4_096, Layers = 32, QHeads = 32, KVHeads = 8, HeadDim = 128, FeedForward = 14_336, Tied = false,
            Llama3 = new(8, 1, 4, 8_192),
        }),
    ];

    internal static IEnumerable<string> Names => Known.Select(k => k.Name);

    internal static ModelShape Parse(string name) => Array.Find(Known, k => k.Name == name)
        ?? throw new FormatException($"'{name}' is no shape; there are {string.Join(", ", Names)}.");

    /// <summary>Writes a model of the first <paramref name="layers"/> layers, unless it is there.</summary>
    /// <returns>Its path.</returns>
    internal string Write(string folder, int layers, DType type)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"{Name}-{layers}of{Shape.Layers}-{type}.gguf");
        if (!File.Exists(path))
        {
            GoldenShape few = Shape with
            {
                Layers = layers, Vocabulary = Math.Min(Vocabulary, Shape.Vocabulary), Context = LongestContext,
            };
            GoldenGguf.Write(path + ".new", few, type, seed: 1);
            File.Move(path + ".new", path);
        }

        return path;
    }
}
