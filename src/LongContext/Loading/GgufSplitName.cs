using System.Globalization;

namespace LongContext.Loading;

/// <summary>The file name of one part of a split GGUF model: <c>name-00001-of-00003.gguf</c>.</summary>
/// <param name="Prefix">All before the numbers.</param>
/// <param name="Number">1-based.</param>
/// <param name="Count">Parts in all.</param>
internal readonly record struct GgufSplitName(string Prefix, int Number, int Count)
{
    private const string Extension = ".gguf";
    private const string Separator = "-of-";
    private const int Digits = 5;
    private const int TailLength = 1 + Digits + 4 + Digits + 5; // -00001-of-00003.gguf

    /// <summary>Takes a file name apart; null if it is not one of a split model.</summary>
    internal static GgufSplitName? Parse(string fileName)
    {
        if (fileName.Length <= TailLength || !fileName.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        ReadOnlySpan<char> tail = fileName.AsSpan(fileName.Length - TailLength);
        ReadOnlySpan<char> last = tail.Slice(1 + Digits + Separator.Length, Digits);
        return tail[0] == '-' && tail.Slice(1 + Digits, Separator.Length).SequenceEqual(Separator)
            && int.TryParse(tail.Slice(1, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && number >= 1 && number <= count
            ? new GgufSplitName(fileName[..^TailLength], number, count)
            : null;
    }

    /// <summary>The file name of part <paramref name="number"/> (1-based).</summary>
    internal string Part(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{number:D5}{Separator}{Count:D5}{Extension}");
}
