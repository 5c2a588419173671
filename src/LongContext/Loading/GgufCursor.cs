using System.Buffers.Binary;
using System.Text;

namespace LongContext.Loading;

/// <summary>Reads little-endian values of a mapped GGUF file one after the other; never past its end.</summary>
internal sealed unsafe class GgufCursor(MappedFile file, MetadataBudget budget)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Offset of the next byte.</summary>
    internal long Position { get; private set; }

    /// <summary>What is being read, for messages: a key or a tensor's name.</summary>
    internal string Field { get; set; } = "";

    /// <summary>Bytes up to the end of the file.</summary>
    internal long Remaining => file.Length - Position;

    internal byte ReadByte() => Take(1)[0];

    internal ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    internal uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    internal ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    internal float ReadSingle() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    internal double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>A byte that must be 0 or 1.</summary>
    internal bool ReadBoolean() => ReadByte() switch
    {
        0 => false,
        1 => true,
        byte other => throw Malformed($"a boolean is {other}, neither 0 nor 1.", Position - 1),
    };

    /// <summary>A length and as many bytes of UTF-8, at most <paramref name="maxBytes"/>.</summary>
    internal string ReadString(long maxBytes = MetadataBudget.Limit)
    {
        long at = Position;
        ulong length = ReadUInt64();
        if (length > (ulong)Remaining)
        {
            throw Malformed($"a string of {length} bytes is declared, {Remaining} are left in the file.", at);
        }

        if (length > (ulong)maxBytes)
        {
            throw Malformed($"a string of {length} bytes is declared; at most {maxBytes} are allowed here.", at);
        }

        budget.Charge(1, MetadataBudget.StringOverhead + (2 * (long)length), Field, at);
        try
        {
            return Utf8.GetString(Take((int)length));
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException(file.Path, Field, "a string is not valid UTF-8.", at, e);
        }
    }

    /// <summary>A count of things of at least <paramref name="minimumBytes"/> bytes each: the file must be able to hold them.</summary>
    /// <param name="what">"keys", "tensors", "elements".</param>
    /// <param name="minimumBytes">Fewest bytes one of them takes in the file.</param>
    /// <param name="managedBytes">Memory each will take, charged to the budget.</param>
    internal int ReadCount(string what, int minimumBytes, long managedBytes)
    {
        long at = Position;
        ulong count = ReadUInt64();
        RequireRoom(count, what, minimumBytes, managedBytes, at);
        return (int)count;
    }

    /// <summary>Checks a count that has been read at <paramref name="at"/>.</summary>
    internal void RequireRoom(ulong count, string what, int minimumBytes, long managedBytes, long at)
    {
        if (count > (ulong)Remaining / (uint)minimumBytes)
        {
            throw Malformed($"{count} {what} are declared; the {Remaining} bytes left in the file cannot hold them.", at);
        }

        budget.Charge(count, managedBytes, Field, at);
    }

    internal ModelFormatException Malformed(string reason, long at) => new(file.Path, Field, reason, at);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
        {
            throw Malformed($"the file ends: {count} bytes are needed, {Remaining} are left.", Position);
        }

        ReadOnlySpan<byte> bytes = new(file.Pointer + Position, count);
        Position += count;
        return bytes;
    }
}
