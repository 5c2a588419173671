using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Sums beside the softmax of the rows that come next.</summary>
internal static unsafe partial class ByteAttentionWriter
{
    /// <summary>Rows of a tile beside which weights are made: 4 · 4 sums leave registers for them.</summary>
    internal const int WeighingRows = 4;

    private const int QuarterFours = ValueFours / WeighingRows;

    /// <summary>Weights from scores and <see cref="Sums"/> with them, at once.</summary>
    /// <remarks>
    /// Products keep two of the processor's four vector pipes busy, most of softmax needs the others: between a tile's products stand the
    /// instructions that turn the next tile's scores to weights, a row for every quarter of the page.
    /// </remarks>
    internal static void WeightsAndSums(Assembler a, int vectors)
    {
        (Label first, Label page, Label group, Label same, Label plain, Label weighed, Label last, Label done) =
            (new(), new(), new(), new(), new(), new(), new(), new());
        Enter(a);
        a.Mov(R15, Field(nameof(ByteAttentionArguments.SumStride)));
        Earlier(a, WeighingRows, vectors);
        ByteSoftmaxWriter.StartWeights(a);
        a.Mov(R8, Field(nameof(ByteAttentionArguments.ValueStride)));
        a.Mov(Rsi, Field(nameof(ByteAttentionArguments.Rows)));
        a.Mov(Rbx, Field(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(R9, Rsi);
        a.Mov(R13, PageField(nameof(BytePage.ValueInverses)));
        a.Mov(Rcx, WeighingRows);
        a.Place(first);
        foreach (Action write in ByteSoftmaxWriter.RowWeights(a).SelectMany(part => part))
        {
            write();
        }

        a.Add(R9, ByteRow.Bytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, first);

        a.Place(page);
        a.Mov(Rbp, Rbx);
        a.Mov(R14, Field(nameof(ByteAttentionArguments.Sums)));
        a.Mov(R12, Field(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(group);
        StartSums(a, WeighingRows, vectors);
        a.Mov(R13, PageField(nameof(BytePage.ValueInverses)));
        a.Lea(R9, new Address(Rsi, WeighingRows * ByteRow.Bytes));
        a.Mov(Rcx, WeighingRows);
        a.Cmp(R12, 1);
        a.Jcc(Condition.NotEqual, same);
        a.Cmp(R11, 1);
        a.Jcc(Condition.Equal, last);
        a.Mov(R13, new Address(R10, sizeof(BytePage) + PageField(nameof(BytePage.ValueInverses)).Displacement));
        a.Mov(R9, Rsi);
        a.Add(R9, Field(nameof(ByteAttentionArguments.NextPageRows)));
        a.Place(same);
        JumpUnlessFirst(a, plain);
        a.Mov(Rax, PageField(nameof(BytePage.ValuesAhead)));
        Quarters(a, vectors, Asking.Ahead, ByteSoftmaxWriter.RowWeights(a));
        a.Jmp(weighed);
        a.Place(plain);
        Quarters(a, vectors, Asking.Not, ByteSoftmaxWriter.RowWeights(a));
        a.Place(weighed);
        a.Lea(Rsi, new Address(R9, -WeighingRows * ByteRow.Bytes));
        a.Jmp(done);
        a.Place(last);
        a.Mov(Rax, PageField(nameof(BytePage.ValuesAhead)));
        Quarters(a, vectors, Asking.Ahead, [[], [], [], []]);
        a.Place(done);
        FinishSums(a, WeighingRows, vectors);
        a.Sub(R12, 1);
        a.Jcc(Condition.NotEqual, group);
        a.Add(Rbx, VectorBytes);
        NextPage(a, page);
        Leave(a);
    }

    /// <summary>All of a page's products; between those of a quarter the parts of something else, a part for four values.</summary>
    private static void Quarters(Assembler a, int vectors, Asking asking, Action[][] parts)
    {
        Label quarter = new();
        a.Place(quarter);
        for (int four = 0; four < QuarterFours; four++)
        {
            Columns(a, vectors, asking, WeighingColumn(0).Number);
            for (int row = 0; row < WeighingRows; row++)
            {
                a.Vpbroadcastd(WeighingFour, WeightFour(row, four));
                for (int v = 0; v < vectors; v++)
                {
                    a.Vpdpbusd(Sum(row, v), WeighingFour, WeighingColumn(v));
                }

                int count = parts[four].Length;
                foreach (Action write in parts[four][(count * row / WeighingRows)..(count * (row + 1) / WeighingRows)])
                {
                    write();
                }
            }

            a.Add(Rdx, R8);
        }

        a.Add(Rsi, QuarterFours * FourBytes);
        a.Add(R9, ByteRow.Bytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, quarter);
    }

    private static VectorRegister WeighingColumn(int vector) => new(16 + vector);

    private static VectorRegister WeighingFour => new(20);
}
