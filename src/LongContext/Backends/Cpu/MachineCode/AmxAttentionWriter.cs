using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the tile kernels of attention's two products over pages of bfloat16 pairs. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// The right operand is read as pages hold it. Each element of c is one sum, a tile's depth at a time in order, whatever rows and columns
/// a kernel takes with it. Up to two by two tiles of sums, as in <see cref="AmxProductWriter"/>.
/// </remarks>
internal static unsafe class AmxAttentionWriter
{
    /// <summary>Pairs of rows of a whole tile of b.</summary>
    internal const int WholePairs = 16;

    private const int LineBytes = 64, PairBytes = 4;

    /// <summary>c = a · b: queries by the keys of each block; blocks lie side by side in c.</summary>
    /// <param name="a">Where to.</param>
    /// <param name="rowTiles">16 rows each: 1 or 2.</param>
    /// <param name="pairs">Pairs of features of a tile: 16, or 8 where the features are no multiple of 32.</param>
    internal static void Scores(Assembler a, int rowTiles, int pairs)
    {
        const int columnTiles = 2;
        (Label block, Label column, Label group) = (new(), new(), new());
        Enter(a);
        a.Mov(R10, Field(nameof(AmxAttentionArguments.Blocks)));
        a.Mov(R11, Field(nameof(AmxAttentionArguments.BlockCount)));

        a.Place(block);
        Fetch(a);
        a.Mov(R14, Field(nameof(AmxAttentionArguments.C)));
        a.Add(R14, BlockField(nameof(AmxBlock.Offset)));
        FirstColumn(a);

        a.Place(column);
        a.Mov(R13, Field(nameof(AmxAttentionArguments.A)));
        a.Mov(R12, Field(nameof(AmxAttentionArguments.RowGroups)));
        a.Mov(Rax, R14);

        a.Place(group);
        EachSum(rowTiles, columnTiles, (tile, _) => a.Tilezero(tile));
        a.Mov(Rsi, R13);
        Inner(a, rowTiles, columnTiles, pairs);
        a.Mov(Rdx, Rax);
        a.Add(Rdx, Field(nameof(AmxAttentionArguments.CTile)));
        EachSum(rowTiles, columnTiles, (tile, address) => a.Tilestored(address, tile), Rax, Rdx);
        for (int i = 0; i < rowTiles; i++)
        {
            a.Add(R13, Field(nameof(AmxAttentionArguments.ATile)));
            a.Add(Rax, Field(nameof(AmxAttentionArguments.CTile)));
        }

        Next(a, R12, group);
        a.Add(R14, columnTiles * LineBytes);
        NextColumn(a, columnTiles);
        Next(a, Rbp, column);
        a.Add(R10, sizeof(AmxBlock));
        Next(a, R11, block);
        Leave(a);
    }

    /// <summary>c += a · b: weights by the values of all blocks, block after block.</summary>
    /// <param name="a">Where to.</param>
    /// <param name="rowTiles">16 rows each: 1 or 2.</param>
    /// <param name="columnTiles">16 columns each: 1 or 2.</param>
    internal static void Sums(Assembler a, int rowTiles, int columnTiles)
    {
        (Label group, Label column, Label block, Label fetched) = (new(), new(), new(), new());
        Enter(a);
        a.Mov(R12, Field(nameof(AmxAttentionArguments.RowGroups)));
        a.Mov(R13, Field(nameof(AmxAttentionArguments.A)));

        a.Place(group);
        a.Mov(R14, Field(nameof(AmxAttentionArguments.C)));
        FirstColumn(a);

        a.Place(column);
        a.Mov(Rax, R14);
        a.Add(Rax, Field(nameof(AmxAttentionArguments.CTile)));
        EachSum(rowTiles, columnTiles, (tile, address) => a.Tileloadd(tile, address), R14, Rax);
        a.Mov(R10, Field(nameof(AmxAttentionArguments.Blocks)));
        a.Mov(R11, Field(nameof(AmxAttentionArguments.BlockCount)));

        a.Place(block);
        a.Cmp(R12, Field(nameof(AmxAttentionArguments.RowGroups)), Rcx);
        a.Jcc(Condition.NotEqual, fetched);
        a.Cmp(Rbp, Field(nameof(AmxAttentionArguments.ColumnGroups)), Rcx);
        a.Jcc(Condition.NotEqual, fetched);
        Fetch(a); // once is enough
        a.Place(fetched);
        a.Mov(Rsi, R13);
        a.Add(Rsi, BlockField(nameof(AmxBlock.Offset)));
        Inner(a, rowTiles, columnTiles, WholePairs);
        a.Add(R10, sizeof(AmxBlock));
        Next(a, R11, block);

        a.Mov(Rax, R14);
        a.Add(Rax, Field(nameof(AmxAttentionArguments.CTile)));
        EachSum(rowTiles, columnTiles, (tile, address) => a.Tilestored(address, tile), R14, Rax);
        a.Add(R14, columnTiles * LineBytes);
        NextColumn(a, columnTiles);
        Next(a, Rbp, column);
        a.Mov(R14, Field(nameof(AmxAttentionArguments.C)));
        for (int i = 0; i < rowTiles; i++)
        {
            a.Add(R13, Field(nameof(AmxAttentionArguments.ATile)));
            a.Add(R14, Field(nameof(AmxAttentionArguments.CTile)));
        }

        a.Mov(Field(nameof(AmxAttentionArguments.C)), R14);
        Next(a, R12, group);
        Leave(a);
    }

    /// <summary>Adds one block's products, a from rsi on.</summary>
    private static void Inner(Assembler a, int rowTiles, int columnTiles, int pairs)
    {
        Label step = new();
        a.Mov(Rbx, Rsi);
        a.Add(Rbx, Field(nameof(AmxAttentionArguments.ATile)));
        a.Mov(Rdx, BlockField(nameof(AmxBlock.B)));
        a.Add(Rdx, Field(nameof(AmxAttentionArguments.BColumn)));
        a.Mov(Rcx, BlockField(nameof(AmxBlock.Steps)));
        a.Place(step);
        for (int i = 0; i < rowTiles; i++)
        {
            a.Tileloadd(new TileRegister(4 + i), new Address(i == 0 ? Rsi : Rbx, 0, R8));
        }

        for (int i = 0; i < columnTiles; i++)
        {
            a.Tileloadd(new TileRegister(6 + i), new Address(Rdx, i * LineBytes, R9));
        }

        for (int i = 0; i < rowTiles * columnTiles; i++)
        {
            (int row, int column) = Math.DivRem(i, columnTiles);
            a.Tdpbf16ps(Sum(row, column), new TileRegister(4 + row), new TileRegister(6 + column));
        }

        a.Add(Rsi, pairs * PairBytes);
        a.Add(Rbx, pairs * PairBytes);
        a.Add(Rdx, Field(nameof(AmxAttentionArguments.BTile)));
        Next(a, Rcx, step);
    }

    /// <summary>Asks for the block's lines ahead: pages lie anywhere, the processor cannot foresee them.</summary>
    private static void Fetch(Assembler a)
    {
        Label line = new();
        a.Mov(Rdx, BlockField(nameof(AmxBlock.Ahead)));
        a.Mov(Rcx, BlockField(nameof(AmxBlock.AheadLines)));
        a.Place(line);
        a.Prefetcht1(new Address(Rdx));
        a.Add(Rdx, LineBytes);
        Next(a, Rcx, line);
    }

    private static void FirstColumn(Assembler a)
    {
        a.Mov(Rcx, Field(nameof(AmxAttentionArguments.BOffset)));
        a.Mov(Field(nameof(AmxAttentionArguments.BColumn)), Rcx);
        a.Mov(Rbp, Field(nameof(AmxAttentionArguments.ColumnGroups)));
    }

    private static void NextColumn(Assembler a, int columnTiles)
    {
        a.Mov(Rcx, Field(nameof(AmxAttentionArguments.BColumn)));
        a.Add(Rcx, columnTiles * LineBytes);
        a.Mov(Field(nameof(AmxAttentionArguments.BColumn)), Rcx);
    }

    /// <summary>Tiles of sums, rows of 16 from two registers on, the stride in r15.</summary>
    private static void EachSum(int rowTiles, int columnTiles, Action<TileRegister, Address> write, GeneralRegister first = Rax, GeneralRegister second = Rdx)
    {
        for (int i = 0; i < rowTiles * columnTiles; i++)
        {
            (int row, int column) = Math.DivRem(i, columnTiles);
            write(Sum(row, column), new Address(row == 0 ? first : second, column * LineBytes, R15));
        }
    }

    private static void Enter(Assembler a)
    {
        foreach (GeneralRegister register in (GeneralRegister[])[Rbx, Rbp, R12, R13, R14, R15])
        {
            a.Push(register);
        }

        a.Mov(Rax, Field(nameof(AmxAttentionArguments.Configuration)));
        a.Ldtilecfg(new Address(Rax));
        a.Mov(R8, Field(nameof(AmxAttentionArguments.AStride)));
        a.Mov(R9, Field(nameof(AmxAttentionArguments.BStride)));
        a.Mov(R15, Field(nameof(AmxAttentionArguments.CStride)));
    }

    private static void Leave(Assembler a)
    {
        a.Tilerelease();
        foreach (GeneralRegister register in (GeneralRegister[])[R15, R14, R13, R12, Rbp, Rbx])
        {
            a.Pop(register);
        }

        a.Ret();
    }

    private static void Next(Assembler a, GeneralRegister left, Label again)
    {
        a.Sub(left, 1);
        a.Jcc(Condition.NotEqual, again);
    }

    private static void Cmp(this Assembler a, GeneralRegister x, Address y, GeneralRegister free)
    {
        a.Mov(free, y);
        a.Cmp(x, free);
    }

    private static TileRegister Sum(int row, int column) => new((2 * row) + column);

    private static Address Field(string name) => new(Rdi, (int)Marshal.OffsetOf<AmxAttentionArguments>(name));

    private static Address BlockField(string name) => new(R10, (int)Marshal.OffsetOf<AmxBlock>(name));
}
