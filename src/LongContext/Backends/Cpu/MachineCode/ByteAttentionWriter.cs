using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernels of attention's two products over bytes. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// Lanes lie along keys for scores and along features for sums; four bytes side by side are multiplied and added exactly, in 32-bit
/// integers, within a page. Each page's integers count as floats once: so a row has the same bits whatever rows a kernel takes with it.
/// </remarks>
internal static unsafe partial class ByteAttentionWriter
{
    /// <summary>Most rows of a tile.</summary>
    internal const int MostRows = 6;

    /// <summary>Most vectors of columns of a tile: 6 · 4 sums, four of b, the rest for a.</summary>
    internal const int MostVectors = 4;

    /// <summary>Most rows of a call: a page's factors of all rows fill a vector.</summary>
    internal const int RowLanes = 16;

    private const int VectorBytes = 64;
    private const int FirstColumn = 24; // its register
    private const int FourBytes = 4;
    private const int ValueFours = BytePage.Keys / 4;

    /// <summary>scores = (queries · keys) · both scales + log₂ of the values' scales: every page for every group of rows; each page's maxima.</summary>
    internal static void Scores(Assembler a, int rows)
    {
        (Label page, Label group, Label plain, Label done) = (new(), new(), new(), new());
        Enter(a);
        a.Mov(R8, Field(nameof(ByteAttentionArguments.QueryStride)));
        a.Mov(R9, Field(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(R14, Field(nameof(ByteAttentionArguments.Rows)));
        ByteSoftmaxWriter.StartMaxima(a);

        a.Place(page);
        a.Mov(R13, Field(nameof(ByteAttentionArguments.Queries)));
        a.Mov(R15, R9);
        a.Mov(Rbp, Field(nameof(ByteAttentionArguments.QueryFactors)));
        a.Mov(R12, Field(nameof(ByteAttentionArguments.RowGroups)));

        a.Place(group);
        for (int row = 0; row < rows; row++)
        {
            a.Vpbroadcastd(Sum(row, 0), RowFactor(row, nameof(QueryFactor.Start)));
            for (int v = 1; v < MostVectors; v++)
            {
                a.Vmovaps(Sum(row, v), Sum(row, 0));
            }
        }

        a.Mov(Rdx, PageField(nameof(BytePage.KeyCodes)));
        a.Mov(Rcx, Field(nameof(ByteAttentionArguments.KeyFours)));
        a.Mov(Rsi, R13);
        if (rows > 3)
        {
            a.Lea(Rbx, new Address(Rsi, 0, R8, 2)); // row 3
            a.Add(Rbx, R8);
        }

        JumpUnlessFirst(a, plain);
        a.Mov(Rax, PageField(nameof(BytePage.KeysAhead)));
        ScoreFours(a, rows, Asking.Ahead);
        a.Jmp(done);
        a.Place(plain);
        ScoreFours(a, rows, Asking.Not);
        a.Place(done);

        a.Mov(Rdx, PageField(nameof(BytePage.KeyScales)));
        a.Mov(Rcx, PageField(nameof(BytePage.ValueLogs)));
        for (int row = 0; row < rows; row++)
        {
            a.Vbroadcastss(Four(row), RowFactor(row, nameof(QueryFactor.Scale)));
            for (int v = 0; v < MostVectors; v++)
            {
                a.Vcvtdq2ps(Sum(row, v), Sum(row, v));
                a.Vmulps(Sum(row, v), Sum(row, v), new Address(Rdx, v * VectorBytes));
                a.Vfmadd213ps(Sum(row, v), Four(row), new Address(Rcx, v * VectorBytes));
                a.Vmovups(new Address(R14, (row * ByteRow.Bytes) + (v * VectorBytes)), Sum(row, v));
            }
        }

        for (int row = 0; row < rows; row++)
        {
            a.Vmaxps(new(16 + row), Sum(row, 0), Sum(row, 1));
            a.Vmaxps(Sum(row, 3), Sum(row, 2), Sum(row, 3));
            a.Vmaxps(new(16 + row), new(16 + row), Sum(row, 3));
        }

        ByteSoftmaxWriter.Maxima(a, rows, R14, R15, maxima: 16, spare: 0);
        a.Add(Rbp, rows * sizeof(QueryFactor));
        a.Add(R14, rows * ByteRow.Bytes);
        a.Add(R15, rows * sizeof(float));
        for (int row = 0; row < rows; row++)
        {
            a.Add(R13, R8);
        }

        a.Sub(R12, 1);
        a.Jcc(Condition.NotEqual, group);
        a.Add(R14, Field(nameof(ByteAttentionArguments.NextPageRows)));
        a.Sub(R14, rows * ByteRow.Bytes);
        a.Add(R9, VectorBytes);
        NextPage(a, page);
        Leave(a);
    }

    private static void ScoreFours(Assembler a, int rows, Asking asking)
    {
        Label four = new();
        a.Place(four);
        Columns(a, MostVectors, asking);
        for (int row = 0; row < rows; row++)
        {
            a.Vpbroadcastd(Four(row), Strided(row < 3 ? Rsi : Rbx, row % 3, R8));
            for (int v = 0; v < MostVectors; v++)
            {
                a.Vpdpbusd(Sum(row, v), Column(v), Four(row));
            }
        }

        a.Add(Rsi, FourBytes);
        a.Add(Rbx, FourBytes);
        a.Add(Rdx, MostVectors * VectorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, four);
    }

    /// <summary>The first rows of a page ask for a line ahead for every line they read; the others find there what they read.</summary>
    private static void JumpUnlessFirst(Assembler a, Label plain)
    {
        a.Cmp(R12, Field(nameof(ByteAttentionArguments.RowGroups)));
        a.Jcc(Condition.NotEqual, plain);
    }

    /// <summary>Vectors of b at rdx, and those as far ahead as rax says.</summary>
    private static void Columns(Assembler a, int vectors, Asking asking, int register = FirstColumn)
    {
        for (int v = 0; v < vectors; v++)
        {
            a.Vmovups(new(register + v), new Address(Rdx, v * VectorBytes));
        }

        for (int v = 0; v < vectors && asking == Asking.Ahead; v++)
        {
            a.Prefetcht0(new Address(Rdx, v * VectorBytes, Rax));
        }
    }

    private static void NextPage(Assembler a, Label page)
    {
        a.Add(R10, sizeof(BytePage));
        a.Sub(R11, 1);
        a.Jcc(Condition.NotEqual, page);
    }

    private static void Enter(Assembler a)
    {
        foreach (GeneralRegister register in (GeneralRegister[])[Rbx, Rbp, R12, R13, R14, R15])
        {
            a.Push(register);
        }

        a.Mov(R10, Field(nameof(ByteAttentionArguments.Pages)));
        a.Mov(R11, Field(nameof(ByteAttentionArguments.PageCount)));
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

    private static VectorRegister Sum(int row, int vector) => new((row * MostVectors) + vector);

    private static VectorRegister Column(int vector) => new(FirstColumn + vector);

    /// <summary>Four weights of a row, so many after those that rsi is at.</summary>
    private static Address WeightFour(int row, int fours) => new(Rsi, (row * ByteRow.Bytes) + ByteRow.WeightOffset + (fours * FourBytes));

    private static VectorRegister Four(int row) => new(28 + (row % 4));

    private static Address RowFactor(int row, string name) => new(Rbp, (row * sizeof(QueryFactor)) + (int)Marshal.OffsetOf<QueryFactor>(name));

    /// <summary>Rows 0 to 2 count from r14, 3 to 5 from rax, by the stride in r15.</summary>
    private static Address CRow(int row, int vector) => Strided(row < 3 ? R14 : Rax, row % 3, R15) with { Displacement = vector * VectorBytes };

    private static Address Strided(GeneralRegister start, int count, GeneralRegister stride) =>
        count == 0 ? new Address(start) : new Address(start, 0, stride, count);

    private static Address Field(string name) => new(Rdi, (int)Marshal.OffsetOf<ByteAttentionArguments>(name));

    private enum Asking
    {
        Not,
        Ahead,
    }

    private static Address PageField(string name) => new(R10, (int)Marshal.OffsetOf<BytePage>(name));
}
