using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tests.Backends.MachineCode.Interpreter;
using NUnit.Framework;

namespace LongContext.Tests.Backends.Amx;

/// <summary>The generated tile kernels of attention, interpreted over memory of exactly the size that the arguments describe.</summary>
[TestFixture]
internal sealed unsafe class AmxAttentionKernelTests
{
    [Test]
    public void Scores_OfSomePages_TouchNothingElse([Values(1, 2)] int rowTiles, [Values(8, 16)] int pairs, [Values(1, 2)] int pageGroups)
    {
        const int steps = 3, pages = 2, rowGroups = 2;
        int rows = rowGroups * rowTiles * 16, keys = pageGroups * 32, depth = steps * 2 * pairs;
        using GuardedMemory memory = new();
        AmxAttentionArguments arguments = Arguments(memory, pairs, rows, depth, pages * keys, keys);
        AmxBlock* blocks = Blocks(memory, pages, steps, i => (nint)memory.BF16(depth * keys, seed: 10 + i), i => i * keys * sizeof(float));
        arguments.Blocks = blocks;
        (arguments.BlockCount, arguments.ColumnGroups, arguments.RowGroups) = (pages, pageGroups, rowGroups);
        using X64Machine machine = memory.Interpret(a => AmxAttentionWriter.Scores(a, rowTiles, pairs), &arguments, sizeof(AmxAttentionArguments));
        Assert.That(machine.Counts[Iced.Intel.Mnemonic.Tdpbf16ps], Is.EqualTo(pages * pageGroups * rowGroups * steps * rowTiles * 2));
    }

    [Test]
    public void Sums_OfSomePages_TouchNothingElse([Values(1, 2)] int rowTiles, [Values(1, 2)] int columnTiles, [Values(1, 2)] int columnGroups)
    {
        const int steps = 2, pages = 3, rowGroups = 2;
        int rows = rowGroups * rowTiles * 16, columns = columnGroups * columnTiles * 16, depth = steps * 32;
        using GuardedMemory memory = new();
        AmxAttentionArguments arguments = Arguments(memory, 16, rows, pages * depth, columns, columns);
        AmxBlock* blocks = Blocks(memory, pages, steps, i => (nint)memory.BF16(depth * columns, seed: 10 + i), i => i * depth * sizeof(ushort));
        arguments.Blocks = blocks;
        (arguments.BlockCount, arguments.ColumnGroups, arguments.RowGroups) = (pages, columnGroups, rowGroups);
        using X64Machine machine = memory.Interpret(a => AmxAttentionWriter.Sums(a, rowTiles, columnTiles), &arguments, sizeof(AmxAttentionArguments));
        Assert.That(machine.Counts[Iced.Intel.Mnemonic.Prefetcht1], Is.EqualTo(pages), "only the first rows and columns ask ahead");
    }

    private static AmxAttentionArguments Arguments(GuardedMemory memory, int pairs, int rows, int depth, int columns, int bColumns)
    {
        byte* configuration = AmxConfiguration.Place(pairs);
        memory.Allow(configuration, 64);
        return new AmxAttentionArguments
        {
            Configuration = configuration,
            A = (byte*)memory.BF16(rows * depth, seed: 1), AStride = depth * sizeof(ushort), ATile = 16 * depth * sizeof(ushort),
            BStride = bColumns * 4, BTile = bColumns * 4 * pairs,
            C = memory.Floats(rows * columns, seed: 2), CStride = columns * sizeof(float), CTile = 16 * columns * sizeof(float),
        };
    }

    private static AmxBlock* Blocks(GuardedMemory memory, int count, int steps, Func<int, nint> b, Func<int, long> offset)
    {
        AmxBlock* blocks = (AmxBlock*)memory.Bytes(count * sizeof(AmxBlock));
        for (int i = 0; i < count; i++)
        {
            byte* start = (byte*)b(i);
            blocks[i] = new AmxBlock { B = start, Steps = steps, Offset = offset(i), Ahead = start, AheadLines = 1 };
        }

        return blocks;
    }
}
