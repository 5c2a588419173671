using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernel of bfloat16 products whose lanes are outputs: six rows by 64 outputs, one lane's pairs of features at a time.</summary>
/// <remarks>
/// What a lane of <see cref="BF16KernelWriter"/>'s sums takes, a call of this kernel takes, in the same order, and earlier calls' sums are added as those
/// lanes are: so both give the same bits. Here no sums cross lanes, and weights come in one stream. System V convention: the arguments' address comes in rdi.
/// </remarks>
internal static class BF16TurnedWriter
{
    /// <summary>Rows of a tile.</summary>
    internal const int Rows = 6;

    /// <summary>Outputs of a tile.</summary>
    internal const int Outputs = 4 * Width;

    private const int Width = 16, VectorBytes = 64, Vectors = Outputs / Width, PairBytes = 2 * sizeof(ushort), Unrolled = 4;

    /// <summary>The kernel: 24 sums, four weights, rows' pairs in every lane.</summary>
    internal static void Write(Assembler a)
    {
        (Label tile, Label fours, Label rest, Label single, Label summed) = (new(), new(), new(), new(), new());
        (Label join, Label joined) = (new(), new());
        a.Push(Rbx);
        a.Mov(R8, Field(nameof(TurnedDotArguments.XStride)));
        a.Mov(R9, Field(nameof(TurnedDotArguments.YStride)));

        a.Place(tile);
        a.Mov(Rsi, Field(nameof(TurnedDotArguments.X)));
        a.Mov(Rdx, Field(nameof(TurnedDotArguments.W)));
        a.Mov(Rcx, Field(nameof(TurnedDotArguments.Steps)));
        a.Lea(Rbx, new Address(Rsi, 0, R8, 2));
        a.Add(Rbx, R8);
        a.Lea(Rax, new Address(Rbx, 0, R8, 2));
        a.Add(Rax, R8);
        a.Mov(Field(nameof(TurnedDotArguments.X)), Rax);
        Each((row, vector) => a.Vpxord(Sum(row, vector), Sum(row, vector), Sum(row, vector)));
        a.Sub(Rcx, Unrolled);
        a.Jcc(Condition.Less, rest);
        a.Place(fours);
        Steps(a, Unrolled);
        a.Sub(Rcx, Unrolled);
        a.Jcc(Condition.GreaterOrEqual, fours);
        a.Place(rest);
        a.Add(Rcx, Unrolled);
        a.Jcc(Condition.Equal, summed);
        a.Place(single);
        Steps(a, 1);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, single);
        a.Place(summed);

        a.Mov(Rsi, Field(nameof(TurnedDotArguments.Sums)));
        a.Mov(Rcx, Field(nameof(TurnedDotArguments.Joined)));
        a.Mov(Rax, Rsi);
        a.Add(Rax, Field(nameof(TurnedDotArguments.SumsStride)));
        a.Mov(Field(nameof(TurnedDotArguments.Sums)), Rax);
        a.Cmp(Rcx, 0);
        a.Jcc(Condition.Equal, joined);
        a.Place(join);
        Each((row, vector) => a.Vaddps(Sum(row, vector), Sum(row, vector), new Address(Rsi, ((row * Vectors) + vector) * VectorBytes)));
        a.Add(Rsi, Rows * Outputs * sizeof(float));
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, join);

        a.Place(joined);
        a.Mov(Rsi, Field(nameof(TurnedDotArguments.Y)));
        a.Lea(Rbx, new Address(Rsi, 0, R9, 2));
        a.Add(Rbx, R9);
        a.Mov(Rax, Rsi);
        a.Add(Rax, Field(nameof(TurnedDotArguments.YTileStride)));
        a.Mov(Field(nameof(TurnedDotArguments.Y)), Rax);
        Each((row, vector) => a.Vmovups(Strided(row < 3 ? Rsi : Rbx, row % 3, R9) with { Displacement = vector * VectorBytes }, Sum(row, vector)));
        a.Mov(Rax, Field(nameof(TurnedDotArguments.Tiles)));
        a.Sub(Rax, 1);
        a.Mov(Field(nameof(TurnedDotArguments.Tiles)), Rax);
        a.Jcc(Condition.NotEqual, tile);
        a.Vzeroupper();
        a.Pop(Rbx);
        a.Ret();
    }

    private static void Steps(Assembler a, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            for (int vector = 0; vector < Vectors; vector++)
            {
                a.Vmovups(Weight(vector), new Address(Rdx, ((step * Vectors) + vector) * VectorBytes));
            }

            Each((row, vector) =>
            {
                if (vector == 0)
                {
                    a.Vpbroadcastd(Pair(row), Strided(row < 3 ? Rsi : Rbx, row % 3, R8) with { Displacement = step * PairBytes });
                }

                a.Vdpbf16ps(Sum(row, vector), Weight(vector), Pair(row));
            });
        }

        a.Add(Rsi, steps * PairBytes);
        a.Add(Rbx, steps * PairBytes);
        a.Add(Rdx, steps * Outputs * PairBytes);
    }

    private static void Each(Action<int, int> write)
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int vector = 0; vector < Vectors; vector++)
            {
                write(row, vector);
            }
        }
    }

    private static VectorRegister Sum(int row, int vector) => new((row * Vectors) + vector);

    private static VectorRegister Weight(int vector) => new((Rows * Vectors) + vector);

    private static VectorRegister Pair(int row) => new((Rows * Vectors) + Vectors + (row % 4));

    private static Address Strided(GeneralRegister start, int count, GeneralRegister stride) =>
        count == 0 ? new Address(start) : new Address(start, 0, stride, count);

    private static Address Field(string name) => new(Rdi, (int)Marshal.OffsetOf<TurnedDotArguments>(name));
}
