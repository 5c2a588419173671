namespace LongContext.Loading;

/// <summary>Reads the value of one GGUF key.</summary>
internal static class GgufValueReader
{
    private const long ElementBytes = 8; // of long[] and double[], whatever the file stores

    /// <summary>The value as <see cref="GgufMetadata"/> keeps it.</summary>
    internal static object Read(GgufCursor cursor, GgufValueType type, long at) => type switch
    {
        GgufValueType.Float32 or GgufValueType.Float64 => ReadNumber(cursor, type),
        GgufValueType.Boolean => cursor.ReadBoolean(),
        GgufValueType.String => cursor.ReadString(),
        GgufValueType.Array => ReadArray(cursor),
        <= GgufValueType.Float64 => ReadInteger(cursor, type),
        _ => throw cursor.Malformed($"there is no value type {(int)type}.", at),
    };

    private static Array ReadArray(GgufCursor cursor)
    {
        long at = cursor.Position;
        GgufValueType type = (GgufValueType)cursor.ReadUInt32();
        switch (type)
        {
            case GgufValueType.String:
                return Fill(new string[cursor.ReadCount("strings", 8, ElementBytes)], cursor, static c => c.ReadString());
            case GgufValueType.Boolean:
                return Fill(new bool[cursor.ReadCount("booleans", 1, 1)], cursor, static c => c.ReadBoolean());
            case GgufValueType.Float32:
                return Fill(new double[cursor.ReadCount("numbers", 4, ElementBytes)], cursor, static c => c.ReadSingle());
            case GgufValueType.Float64:
                return Fill(new double[cursor.ReadCount("numbers", 8, ElementBytes)], cursor, static c => c.ReadDouble());
            case GgufValueType.Array:
                throw cursor.Malformed("arrays of arrays are not supported.", at);
            case <= GgufValueType.Float64:
                return Fill(new long[cursor.ReadCount("integers", SizeOf(type), ElementBytes)], cursor, c => ReadInteger(c, type));
            default:
                throw cursor.Malformed($"there is no element type {(int)type}.", at);
        }
    }

    private static T[] Fill<T>(T[] array, GgufCursor cursor, Func<GgufCursor, T> read)
    {
        for (int i = 0; i < array.Length; i++)
        {
            array[i] = read(cursor);
        }

        return array;
    }

    private static double ReadNumber(GgufCursor cursor, GgufValueType type) =>
        type == GgufValueType.Float32 ? cursor.ReadSingle() : cursor.ReadDouble();

    private static long ReadInteger(GgufCursor cursor, GgufValueType type)
    {
        long at = cursor.Position;
        return type switch
        {
            GgufValueType.UInt8 => cursor.ReadByte(),
            GgufValueType.Int8 => (sbyte)cursor.ReadByte(),
            GgufValueType.UInt16 => cursor.ReadUInt16(),
            GgufValueType.Int16 => (short)cursor.ReadUInt16(),
            GgufValueType.UInt32 => cursor.ReadUInt32(),
            GgufValueType.Int32 => (int)cursor.ReadUInt32(),
            GgufValueType.Int64 => (long)cursor.ReadUInt64(),
            _ => cursor.ReadUInt64() is var value && value <= long.MaxValue
                ? (long)value
                : throw cursor.Malformed($"{value} is above 2^63 - 1.", at),
        };
    }

    private static int SizeOf(GgufValueType integer) => integer switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 => 4,
        _ => 8,
    };
}
