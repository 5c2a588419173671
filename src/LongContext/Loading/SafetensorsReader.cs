using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>Reads one safetensors file's tensor table: header and ranges. Touches no tensor data.</summary>
internal static class SafetensorsReader
{
    /// <summary>Reads and checks <paramref name="file"/>: the tensors must tile the data exactly, without holes or overlaps.</summary>
    /// <remarks>A tensor without elements may stand anywhere between two others; it is skipped.</remarks>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format.</exception>
    /// <exception cref="UnsupportedModelException">A tensor has a floating-point type this library does not compute with.</exception>
    internal static SafetensorsContents Read(MappedFile file)
    {
        (List<SafetensorsEntry> entries, long dataStart) = SafetensorsHeader.Read(file);
        ulong dataLength = (ulong)(file.Length - dataStart);
        List<MappedTensor> tensors = new(entries.Count);
        Dictionary<string, string> skipped = new(StringComparer.Ordinal);
        entries.Sort(static (a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        ulong end = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            ModelFormatException Malformed(string reason) => new(file.Path, entry.Name, reason, entry.At);

            (DType? type, BlockFormat format) = SafetensorsTypes.Read(entry.Type, file.Path, entry.Name, entry.At);
            if (entry.Begin > entry.End || entry.End > dataLength)
            {
                throw Malformed($"data_offsets [{entry.Begin}, {entry.End}] are reversed or beyond the {dataLength} bytes of data.");
            }

            if (entry.Begin != end)
            {
                throw Malformed($"the data starts at {entry.Begin}, but the tensor before it ends at {end}: a hole or an overlap.");
            }

            end = entry.End;
            ulong length = entry.End - entry.Begin;
            if (TensorSize.ByteCount(format, entry.Shape) is not { } byteCount || (ulong)byteCount != length)
            {
                throw Malformed($"{entry.Type}[{string.Join(", ", entry.Shape)}] does not take the {length} bytes of its data_offsets.");
            }

            if (type is { } supported && byteCount > 0)
            {
                long[] dimensions = entry.Shape.Length == 0 ? [1] : [.. entry.Shape.Select(d => (long)d)];
                WeightInfo info = new(entry.Name, supported, dimensions, byteCount);
                tensors.Add(new MappedTensor(info, file, dataStart + (long)entry.Begin));
            }
            else
            {
                skipped.Add(entry.Name, byteCount == 0 ? "no elements" : entry.Type);
            }
        }

        return end == dataLength
            ? new SafetensorsContents(tensors, skipped)
            : throw new ModelFormatException(
                file.Path, "", $"the tensors end at byte {end} of the data, which has {dataLength} bytes.", dataStart + (long)end);
    }
}
