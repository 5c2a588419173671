namespace LongContext.Tokenization.Bpe;

/// <summary>Fills a merge table from the texts of pairs, and checks that everything they name is in the vocabulary.</summary>
internal sealed class MergeReader
{
    private readonly string _file;
    private readonly Vocabulary _vocabulary;
    private readonly MergeTable _table;
    private char[] _joined = new char[128];
    private int _rank;

    /// <summary>A reader of <paramref name="count"/> merges.</summary>
    internal MergeReader(string file, Vocabulary vocabulary, int count)
    {
        if (count > Vocabulary.MaxSize)
        {
            throw new ModelFormatException(file, "merges", $"{count} merges; the limit is {Vocabulary.MaxSize}.");
        }

        (_file, _vocabulary, _table) = (file, vocabulary, new MergeTable(count));
    }

    /// <summary>The table so far.</summary>
    internal MergeTable Table => _table;

    /// <summary>Whether no merge so far puts a space marker behind another character.</summary>
    internal bool KeepsSpaceMarkersFirst { get; private set; } = true;

    /// <summary>Adds the next merge, written as two texts with a space between.</summary>
    internal void Add(string merge)
    {
        int space = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
        if (space < 0)
        {
            throw new ModelFormatException(_file, "merges", $"merge {_rank}, '{merge}', is not two texts with a space between.");
        }

        Add(merge.AsSpan(0, space), merge.AsSpan(space + 1));
    }

    /// <summary>Adds the next merge.</summary>
    internal void Add(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int length = left.Length + right.Length;
        if (_joined.Length < length)
        {
            _joined = new char[length * 2];
        }

        left.CopyTo(_joined);
        right.CopyTo(_joined.AsSpan(left.Length));
        ReadOnlySpan<char> joined = _joined.AsSpan(0, length);
        _table.Set(Require(left), Require(right), _rank++, Require(joined));
        KeepsSpaceMarkersFirst = KeepsSpaceMarkersFirst && HasSpaceMarkersFirst(joined);
    }

    /// <summary>Whether no space marker stands behind another character.</summary>
    internal static bool HasSpaceMarkersFirst(ReadOnlySpan<char> text) => !text.TrimStart(BpeModel.SpaceMarker).Contains(BpeModel.SpaceMarker);

    private int Require(ReadOnlySpan<char> text)
    {
        int id = _vocabulary.Find(text);
        return id >= 0 ? id : throw new ModelFormatException(_file, "merges", $"merge {_rank} needs '{text}', which is not in the vocabulary.");
    }
}
