using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernels of attention's two products over bfloat16 pairs. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// Lanes lie along the columns of b, whose rows come in pairs: a column's two numbers side by side. Each element of c is one sum over the
/// pairs in order, whatever tile it falls in: so a row has the same bits whatever rows a kernel takes with it.
/// </remarks>
internal static unsafe class AttentionKernelWriter
{
    /// <summary>Most rows of a tile.</summary>
    internal const int MostRows = 6;

    /// <summary>Most vectors of columns of a tile: 6 · 4 sums, four of b, the rest for a.</summary>
    internal const int MostVectors = 4;

    private const int VectorBytes = 64;
    private const int PairBytes = 4;

    /// <summary>c = a · b: queries by the keys of each block; blocks lie side by side in c.</summary>
    internal static void Scores(Assembler a, int rows, int vectors)
    {
        (Label block, Label group) = (new(), new());
        Enter(a);
        a.Mov(R10, Field(nameof(ProductArguments.Blocks)));
        a.Mov(R11, Field(nameof(ProductArguments.BlockCount)));

        a.Place(block);
        a.Mov(R13, Field(nameof(ProductArguments.A)));
        a.Mov(R14, Field(nameof(ProductArguments.C)));
        a.Add(R14, BlockAddress(nameof(ProductBlock.Offset)));
        a.Mov(R12, Field(nameof(ProductArguments.RowGroups)));

        a.Place(group);
        Zero(a, rows, vectors);
        a.Mov(Rsi, R13);
        Inner(a, rows, vectors);
        Store(a, rows, vectors);
        NextRows(a, rows);
        a.Sub(R12, 1);
        a.Jcc(Condition.NotEqual, group);
        a.Add(R10, sizeof(ProductBlock));
        a.Sub(R11, 1);
        a.Jcc(Condition.NotEqual, block);
        Leave(a);
    }

    /// <summary>c = factor · c + a · b: weights by the values of all blocks, block after block.</summary>
    internal static void Sums(Assembler a, int rows, int vectors)
    {
        (Label block, Label group) = (new(), new());
        Enter(a);
        a.Mov(R13, Field(nameof(ProductArguments.A)));
        a.Mov(R14, Field(nameof(ProductArguments.C)));
        a.Mov(Rbp, Field(nameof(ProductArguments.Factors)));
        a.Mov(R12, Field(nameof(ProductArguments.RowGroups)));

        a.Place(group);
        ThirdRow(a, rows);
        for (int row = 0; row < rows; row++)
        {
            a.Vbroadcastss(Factor, new Address(Rbp, row * sizeof(float)));
            for (int v = 0; v < vectors; v++)
            {
                a.Vmulps(Sum(row, v), Factor, CRow(row, v));
            }
        }

        a.Mov(R10, Field(nameof(ProductArguments.Blocks)));
        a.Mov(R11, Field(nameof(ProductArguments.BlockCount)));
        a.Place(block);
        a.Mov(Rsi, R13);
        a.Add(Rsi, BlockAddress(nameof(ProductBlock.Offset)));
        Inner(a, rows, vectors);
        a.Add(R10, sizeof(ProductBlock));
        a.Sub(R11, 1);
        a.Jcc(Condition.NotEqual, block);

        Store(a, rows, vectors);
        a.Add(Rbp, rows * sizeof(float));
        NextRows(a, rows);
        a.Sub(R12, 1);
        a.Jcc(Condition.NotEqual, group);
        Leave(a);
    }

    /// <summary>Adds one block's products, a from rsi on; the first rows ask for a line ahead for every line of b.</summary>
    private static void Inner(Assembler a, int rows, int vectors)
    {
        (Label pair, Label ahead) = (new(), new());
        a.Mov(Rax, BlockAddress(nameof(ProductBlock.Ahead)));
        a.Mov(Rcx, Field(nameof(ProductArguments.RowGroups)));
        a.Cmp(R12, Rcx);
        a.Jcc(Condition.Equal, ahead);
        a.Sub(Rax, Rax); // fetched once is enough
        a.Place(ahead);
        a.Mov(Rdx, BlockAddress(nameof(ProductBlock.B)));
        a.Add(Rdx, Field(nameof(ProductArguments.BOffset)));
        a.Mov(Rcx, BlockAddress(nameof(ProductBlock.Pairs)));
        if (rows > 3)
        {
            a.Lea(Rbx, new Address(Rsi, 0, R8, 2));
            a.Add(Rbx, R8);
        }

        a.Place(pair);
        for (int v = 0; v < vectors; v++)
        {
            a.Vmovups(Column(v), new Address(Rdx, v * VectorBytes));
        }

        for (int v = 0; v < vectors; v++)
        {
            a.Prefetcht0(new Address(Rdx, v * VectorBytes, Rax));
        }

        for (int row = 0; row < rows; row++)
        {
            VectorRegister numbers = new(28 + (row % 4));
            a.Vbroadcastss(numbers, Strided(row < 3 ? Rsi : Rbx, row % 3, R8));
            for (int v = 0; v < vectors; v++)
            {
                a.Vdpbf16ps(Sum(row, v), numbers, Column(v));
            }
        }

        a.Add(Rsi, PairBytes);
        a.Add(Rbx, PairBytes);
        a.Add(Rdx, R9);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, pair);
    }

    private static void Zero(Assembler a, int rows, int vectors)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int v = 0; v < vectors; v++)
            {
                a.Vpxord(Sum(row, v), Sum(row, v), Sum(row, v));
            }
        }
    }

    private static void Store(Assembler a, int rows, int vectors)
    {
        ThirdRow(a, rows);
        for (int row = 0; row < rows; row++)
        {
            for (int v = 0; v < vectors; v++)
            {
                a.Vmovups(CRow(row, v), Sum(row, v));
            }
        }
    }

    /// <summary>rax = row 3 of c.</summary>
    private static void ThirdRow(Assembler a, int rows)
    {
        if (rows > 3)
        {
            a.Lea(Rax, new Address(R14, 0, R15, 2));
            a.Add(Rax, R15);
        }
    }

    private static void NextRows(Assembler a, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            a.Add(R13, R8);
            a.Add(R14, R15);
        }
    }

    private static void Enter(Assembler a)
    {
        foreach (GeneralRegister register in (GeneralRegister[])[Rbx, Rbp, R12, R13, R14, R15])
        {
            a.Push(register);
        }

        a.Mov(R8, Field(nameof(ProductArguments.AStride)));
        a.Mov(R9, Field(nameof(ProductArguments.BStride)));
        a.Mov(R15, Field(nameof(ProductArguments.CStride)));
    }

    private static void Leave(Assembler a)
    {
        a.Vzeroupper();
        foreach (GeneralRegister register in (GeneralRegister[])[R15, R14, R13, R12, Rbp, Rbx])
        {
            a.Pop(register);
        }

        a.Ret();
    }

    private static VectorRegister Factor => new(31);

    private static VectorRegister Sum(int row, int vector) => new((row * MostVectors) + vector);

    private static VectorRegister Column(int vector) => new(24 + vector);

    /// <summary>Rows 0 to 2 count from r14, 3 to 5 from rax, by the stride in r15.</summary>
    private static Address CRow(int row, int vector) => Strided(row < 3 ? R14 : Rax, row % 3, R15) with { Displacement = vector * VectorBytes };

    private static Address Strided(GeneralRegister start, int count, GeneralRegister stride) =>
        count == 0 ? new Address(start) : new Address(start, 0, stride, count);

    private static Address Field(string name) => new(Rdi, (int)Marshal.OffsetOf<ProductArguments>(name));

    private static Address BlockAddress(string name) => new(R10, (int)Marshal.OffsetOf<ProductBlock>(name));
}
