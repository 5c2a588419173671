using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>From weights to sums.</summary>
internal static unsafe partial class ByteAttentionWriter
{
    /// <summary>sums = earlier factor · sums + page factor · (weights · values) of each page.</summary>
    internal static void Sums(Assembler a, int rows, int vectors)
    {
        (Label page, Label group, Label plain, Label done) = (new(), new(), new(), new());
        Enter(a);
        a.Mov(R15, Field(nameof(ByteAttentionArguments.SumStride)));
        Earlier(a, rows, vectors);
        a.Mov(R8, Field(nameof(ByteAttentionArguments.ValueStride)));
        a.Mov(R9, Field(nameof(ByteAttentionArguments.Rows)));
        a.Mov(R13, Field(nameof(ByteAttentionArguments.PageFactors)));
        a.Place(page);
        a.Mov(Rsi, R9);
        a.Mov(Rbp, R13);
        a.Mov(R14, Field(nameof(ByteAttentionArguments.Sums)));
        a.Mov(R12, Field(nameof(ByteAttentionArguments.RowGroups)));

        a.Place(group);
        StartSums(a, rows, vectors);
        a.Mov(Rcx, ValueFours);
        JumpUnlessFirst(a, plain);
        a.Mov(Rax, PageField(nameof(BytePage.ValuesAhead)));
        SumFours(a, rows, vectors, Asking.Ahead);
        a.Jmp(done);
        a.Place(plain);
        SumFours(a, rows, vectors, Asking.Not);
        a.Place(done);
        FinishSums(a, rows, vectors);
        a.Add(Rsi, (rows * ByteRow.Bytes) - (ValueFours * FourBytes));
        a.Sub(R12, 1);
        a.Jcc(Condition.NotEqual, group);
        a.Add(R9, Field(nameof(ByteAttentionArguments.PageStride)));
        a.Add(R13, VectorBytes);
        NextPage(a, page);
        Leave(a);
    }

    /// <summary>sums = earlier factor · sums.</summary>
    private static void Earlier(Assembler a, int rows, int vectors)
    {
        Label earlier = new();
        a.Mov(R14, Field(nameof(ByteAttentionArguments.Sums)));
        a.Mov(Rbp, Field(nameof(ByteAttentionArguments.EarlierFactors)));
        a.Mov(R12, Field(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(earlier);
        ThirdRow(a, rows);
        for (int row = 0; row < rows; row++)
        {
            a.Vbroadcastss(Four(row), new Address(Rbp, row * sizeof(float)));
            for (int v = 0; v < vectors; v++)
            {
                a.Vmulps(Sum(row, v), Four(row), CRow(row, v));
                a.Vmovups(CRow(row, v), Sum(row, v));
            }
        }

        a.Add(Rbp, rows * sizeof(float));
        NextCRows(a, rows);
        a.Sub(R12, 1);
        a.Jcc(Condition.NotEqual, earlier);
    }

    private static void StartSums(Assembler a, int rows, int vectors)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int v = 0; v < vectors; v++)
            {
                a.Vpxord(Sum(row, v), Sum(row, v), Sum(row, v));
            }
        }

        a.Mov(Rdx, PageField(nameof(BytePage.ValueCodes)));
        a.Add(Rdx, Field(nameof(ByteAttentionArguments.ValueOffset)));
    }

    /// <summary>A page's sums, now whole, into those of all pages; on to the next rows.</summary>
    private static void FinishSums(Assembler a, int rows, int vectors)
    {
        ThirdRow(a, rows);
        for (int row = 0; row < rows; row++)
        {
            VectorRegister factor = rows <= WeighingRows ? WeighingFour : Four(row); // weights keep their constants where fours are
            a.Vbroadcastss(factor, new Address(Rbp, row * sizeof(float)));
            for (int v = 0; v < vectors; v++)
            {
                a.Vcvtdq2ps(Sum(row, v), Sum(row, v));
                a.Vfmadd213ps(Sum(row, v), factor, CRow(row, v));
                a.Vmovups(CRow(row, v), Sum(row, v));
            }
        }

        a.Add(Rbp, rows * sizeof(float));
        NextCRows(a, rows);
    }

    private static void SumFours(Assembler a, int rows, int vectors, Asking asking)
    {
        Label four = new();
        a.Place(four);
        Columns(a, vectors, asking);
        for (int row = 0; row < rows; row++)
        {
            a.Vpbroadcastd(Four(row), WeightFour(row, 0));
            for (int v = 0; v < vectors; v++)
            {
                a.Vpdpbusd(Sum(row, v), Four(row), Column(v));
            }
        }

        a.Add(Rsi, FourBytes);
        a.Add(Rdx, R8);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, four);
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

    private static void NextCRows(Assembler a, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            a.Add(R14, R15);
        }
    }
}
