namespace LongContext.Loading;

/// <summary>Bounds the managed memory that a file's header may ask for, whatever lengths it declares.</summary>
/// <remarks>
/// Charged before every allocation. A vocabulary of 150,000 strings with its merges needs about 20 MB, 130,000 tensors about 60 MB.
/// </remarks>
internal sealed class MetadataBudget(string file)
{
    /// <summary>Bytes a header may occupy once read.</summary>
    internal const long Limit = 64L << 20;

    /// <summary>Managed bytes of one tensor's entry: records, name, dimensions, slots of the tables on the way. 131,072 fit.</summary>
    internal const long TensorEntry = 512;

    /// <summary>Managed bytes of one name in an index, besides its characters.</summary>
    internal const long NameEntry = 128;

    /// <summary>Managed bytes of a string besides its characters.</summary>
    internal const long StringOverhead = 32;

    private long _left = Limit;

    /// <summary>Takes <paramref name="count"/> × <paramref name="bytesEach"/> bytes.</summary>
    /// <exception cref="ModelFormatException">The header asks for more than <see cref="Limit"/> in all.</exception>
    internal void Charge(ulong count, long bytesEach, string field, long offset)
    {
        UInt128 bytes = (UInt128)count * (UInt128)bytesEach;
        if (bytes > (UInt128)_left)
        {
            throw new ModelFormatException(file, field, $"the header needs more than {Limit} bytes of memory.", offset);
        }

        _left -= (long)bytes;
    }
}
