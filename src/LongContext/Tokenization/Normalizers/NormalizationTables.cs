using System.IO.Compression;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Combining classes, decompositions and composites of Unicode, unpacked once.</summary>
/// <remarks>Our own, because <see cref="string.Normalize()"/> leaves text as it is in globalization-invariant applications.</remarks>
internal sealed class NormalizationTables
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int HangulCount = LeadCount * VowelCount * TrailCount;

    private const byte Decomposes = 1;
    private const byte DecomposesCompatibly = 2;
    private const byte JoinsPrevious = 4;

    private static readonly Lazy<NormalizationTables> Shared = new(() => new NormalizationTables());

    private readonly byte[] _classes;
    private readonly byte[] _flags;
    private readonly Dictionary<int, int[]> _canonical;
    private readonly Dictionary<int, int[]> _compatible;
    private readonly Dictionary<ulong, int> _composites = [];
    private readonly byte[] _packed;
    private int _position;

    private NormalizationTables()
    {
        using MemoryStream unpacked = new();
        using (DeflateStream inflate = new(new MemoryStream(Convert.FromBase64String(NormalizationData.Packed)), CompressionMode.Decompress))
        {
            inflate.CopyTo(unpacked);
        }

        _packed = unpacked.ToArray();
        const int Size = 0x30000; // nothing above plane 2 decomposes or combines
        _classes = new byte[Size];
        _flags = new byte[Size];
        ReadClasses();
        _canonical = ReadDecompositions(Decomposes | DecomposesCompatibly);
        _compatible = ReadDecompositions(DecomposesCompatibly);
        ReadComposites();
        _packed = [];
    }

    internal static NormalizationTables Instance => Shared.Value;

    /// <summary>The canonical combining class; 0 for a starter.</summary>
    internal byte ClassOf(int codePoint) => (uint)codePoint < (uint)_classes.Length ? _classes[codePoint] : (byte)0;

    /// <summary>Whether the code point stays as it is and never joins what stands before it: text may be cut before it.</summary>
    internal bool IsBoundary(int codePoint) => ((uint)codePoint >= (uint)_flags.Length || _flags[codePoint] == 0) && !IsHangul(codePoint);

    /// <summary>Whether the code point is a precomposed Hangul syllable.</summary>
    internal static bool IsHangul(int codePoint) => (uint)(codePoint - HangulBase) < HangulCount;

    /// <summary>Appends the full decomposition of <paramref name="codePoint"/>.</summary>
    internal void Decompose(int codePoint, UnicodeForm form, List<int> output)
    {
        if (IsHangul(codePoint))
        {
            int index = codePoint - HangulBase;
            output.Add(LeadBase + (index / (VowelCount * TrailCount)));
            output.Add(VowelBase + (index % (VowelCount * TrailCount) / TrailCount));
            if (index % TrailCount != 0)
            {
                output.Add(TrailBase + (index % TrailCount));
            }

            return;
        }

        bool compatible = form is UnicodeForm.Nfkc or UnicodeForm.Nfkd;
        byte flags = (uint)codePoint < (uint)_flags.Length ? _flags[codePoint] : (byte)0;
        int[]? parts = null;
        bool found = (compatible && (flags & DecomposesCompatibly) != 0 && _compatible.TryGetValue(codePoint, out parts))
            || ((flags & Decomposes) != 0 && _canonical.TryGetValue(codePoint, out parts));
        if (found)
        {
            output.AddRange(parts!);
        }
        else
        {
            output.Add(codePoint);
        }
    }

    /// <summary>The primary composite of two code points, or −1.</summary>
    internal int Compose(int first, int second)
    {
        if ((uint)(first - LeadBase) < LeadCount && (uint)(second - VowelBase) < VowelCount)
        {
            return HangulBase + ((((first - LeadBase) * VowelCount) + (second - VowelBase)) * TrailCount);
        }

        if (IsHangul(first) && (first - HangulBase) % TrailCount == 0 && (uint)(second - TrailBase - 1) < TrailCount - 1)
        {
            return first + (second - TrailBase);
        }

        return _composites.GetValueOrDefault(Key(first, second), -1);
    }

    private static ulong Key(int first, int second) => ((ulong)(uint)first << 32) | (uint)second;

    private void ReadClasses()
    {
        int codePoint = 0;
        for (int count = Next(); count > 0; count--)
        {
            codePoint += Next();
            _classes[codePoint] = (byte)Next();
            _flags[codePoint] |= JoinsPrevious;
        }
    }

    private Dictionary<int, int[]> ReadDecompositions(byte flag)
    {
        int count = Next();
        Dictionary<int, int[]> rows = new(count);
        int codePoint = 0;
        for (; count > 0; count--)
        {
            codePoint += Next();
            int[] parts = new int[Next()];
            int last = codePoint;
            for (int i = 0; i < parts.Length; i++)
            {
                parts[i] = last += NextSigned();
            }

            rows.Add(codePoint, parts);
            _flags[codePoint] |= flag;
        }

        return rows;
    }

    private void ReadComposites()
    {
        int composite = 0;
        for (int count = Next(); count > 0; count--)
        {
            composite += Next();
            int first = composite + NextSigned();
            int second = composite + NextSigned();
            _composites.Add(Key(first, second), composite);
            _flags[second] |= JoinsPrevious;
        }

        for (int jamo = VowelBase; jamo < TrailBase + TrailCount; jamo++)
        {
            _flags[jamo] |= JoinsPrevious;
        }
    }

    private int Next()
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = _packed[_position++];
            value |= (part & 127) << shift;
            if (part < 128)
            {
                return value;
            }
        }
    }

    private int NextSigned()
    {
        int value = Next();
        return (value & 1) == 0 ? value >> 1 : -((value + 1) >> 1);
    }
}
