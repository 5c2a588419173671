using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Loading;

/// <summary>What the writers write, the readers read: keys, names, shapes and every byte.</summary>
[TestFixture]
internal sealed class WriterReaderTests
{
    private static readonly DType[] Types = [.. Enum.GetValues<DType>().Where(t => t != DType.I32)];

    [Test]
    public void Gguf_AnyKeys_AreReadAsWritten()
    {
        Prop.ForAll<(string Text, int Integer, double Number, bool Flag)[]>(rows =>
        {
            GgufWriter writer = new();
            for (int i = 0; i < rows.Length; i++)
            {
                writer.String($"s{i}", Clean(rows[i].Text)).Int32($"i{i}", rows[i].Integer).Float64($"n{i}", rows[i].Number).Boolean($"b{i}", rows[i].Flag);
            }

            writer.Strings("ss", [.. rows.Select(r => Clean(r.Text))]).Int32s("is", [.. rows.Select(r => r.Integer)]);
            writer.Booleans("bs", [.. rows.Select(r => r.Flag)]).Float32s("ns", [.. rows.Select(r => (float)r.Number)]);
            GgufMetadata keys = Read(writer.ToArray(), files => files.Gguf!);
            return rows.Select((r, i) => keys.GetString($"s{i}") == Clean(r.Text) && keys.GetInteger($"i{i}") == r.Integer
                    && keys.GetNumber($"n{i}").Equals(r.Number) && keys.GetBoolean($"b{i}") == r.Flag).All(same => same)
                && keys.GetStrings("ss")!.SequenceEqual(rows.Select(r => Clean(r.Text)))
                && keys.GetIntegers("is")!.SequenceEqual(rows.Select(r => (long)r.Integer))
                && keys.GetBooleans("bs")!.SequenceEqual(rows.Select(r => r.Flag))
                && keys.GetNumbers("ns")!.SequenceEqual(rows.Select(r => (double)(float)r.Number));
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public void Gguf_AnyTensors_AreReadAsWritten()
    {
        Prop.ForAll<PositiveInt[]>(seeds => RoundTrip(seeds, Types, fileName: "m.gguf", items =>
        {
            GgufWriter writer = new GgufWriter(alignment: 64).UInt32("general.alignment", 64);
            items.ForEach(t => writer.Tensor(t.Name, t.Type, t.Dimensions, t.Bytes));
            return writer.ToArray();
        })).QuickCheckThrowOnFailure();
    }

    [Test]
    public void Safetensors_AnyTensors_AreReadAsWritten()
    {
        Prop.ForAll<PositiveInt[]>(seeds => RoundTrip(seeds, [DType.F32, DType.F16, DType.BF16, DType.I32], fileName: "model.safetensors", items =>
        {
            SafetensorsWriter writer = new();
            items.ForEach(t => writer.Tensor(t.Name, t.Type.ToString(), t.Dimensions, t.Bytes));
            return writer.ToArray();
        })).QuickCheckThrowOnFailure();
    }

    [Test]
    public void Open_AfterDispose_IsAnError()
    {
        using TemporaryFolder folder = new();
        ModelFiles files = ModelDirectory.Open(folder.Write("m.gguf", new GgufWriter().Tensor("t", DType.F32, [1], [3f]).ToArray()));
        files.Dispose();
        files.Dispose();

        Assert.That(() => files.Weights!.Open("t"), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Gguf_VersionTwo_IsReadAsVersionThree()
    {
        byte[] bytes = new GgufWriter().String("k", "v").Tensor("t", DType.F32, [1], [3f]).ToArray();
        bytes[4] = 2;

        Assert.That(Read(bytes, files => files.Weights!.Open("t").HostSpan<float>()[0]), Is.EqualTo(3f));
    }

    [Test]
    public void Gguf_OfManyGigabytes_OpensWithinASecondWithoutReadingIt()
    {
        using TemporaryFolder folder = new();
        GgufWriter writer = new();
        for (int i = 0; i < 300; i++)
        {
            writer.Tensor($"blk.{i}.weight", DType.Q8_0, [4_096, 4_096], stream => stream.Seek(4_096L * 4_096 / 32 * 34, SeekOrigin.Current)); // sparse
        }

        writer.Tensor("last", DType.F32, [1], [3f]).Write(folder.File("m.gguf"));
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        using ModelFiles files = ModelDirectory.Open(folder.File("m.gguf"));

        Assert.That(System.Diagnostics.Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(1)));
        Assert.That(new FileInfo(folder.File("m.gguf")).Length, Is.GreaterThan(5_000_000_000));
        Assert.That(files.Weights!.Open("last").HostSpan<float>()[0], Is.EqualTo(3f));
    }

    private static bool RoundTrip(PositiveInt[] seeds, DType[] types, string fileName, Func<List<Item>, byte[]> write)
    {
        List<Item> items = [.. seeds.Select((seed, i) => Item.Random(seed.Get, i, types))];
        using TemporaryFolder folder = new();
        folder.Write(fileName, write(items));
        if (fileName == "model.safetensors")
        {
            folder.Write("config.json", "{}");
        }

        using ModelFiles files = ModelDirectory.Open(folder.Path);
        return items.Count == (files.Weights?.Tensors.Count ?? 0) && items.TrueForAll(item =>
        {
            WeightInfo info = files.Weights!.Tensors[item.Name];
            Tensor tensor = files.Weights.Open(item.Name);
            bool rowsKept = item.Dimensions.Length > 3 || tensor.Shape.Rows == item.Dimensions[0];
            files.Weights.Release(item.Name);
            return rowsKept && info.Type == item.Type && tensor.Type == item.Type && info.Dimensions.SequenceEqual(item.Dimensions)
                && info.ByteCount == item.Bytes.Length && tensor.HostSpan<byte>().SequenceEqual(item.Bytes);
        });
    }

    private static T Read<T>(byte[] gguf, Func<ModelFiles, T> read)
    {
        using TemporaryFolder folder = new();
        using ModelFiles files = ModelDirectory.Open(folder.Write("m.gguf", gguf));
        return read(files);
    }

    // Text without lone surrogates, which no file can hold.
    private static string Clean(string? text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));

    private sealed record Item(string Name, DType Type, long[] Dimensions, byte[] Bytes)
    {
        internal static Item Random(int seed, int index, DType[] types)
        {
            Random random = new(seed);
            DType type = types[random.Next(types.Length)];
            BlockFormat format = BlockFormat.Of(type);
            long[] dimensions = new long[1 + random.Next(4)];
            for (int i = 0; i < dimensions.Length; i++)
            {
                dimensions[i] = 1 + random.Next(3);
            }

            dimensions[^1] *= format.ElementsPerBlock;
            byte[] bytes = new byte[format.ByteCount(dimensions.Aggregate(1L, (a, b) => a * b))];
            random.NextBytes(bytes);
            return new Item($"tensor \u00fc {index}", type, dimensions, bytes);
        }
    }
}
