using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernels of byte products with vpdpbusd. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// <para>A tile is 1 to 6 rows of x by 32 outputs. Lanes lie along the outputs; a lane's integer sum over a block of 32 features is exact, then
/// is turned into a float, multiplied by both scales and added: first block to last, whatever the tile.</para>
/// <para>x of a tile: for each block, for each row, 32 signed codes; scale (F32); −zero · sum of codes (32-bit), where a sum starts, for each half if w has
/// two scales; with minima scale · sum of codes (F32). w of a panel: for each block, for each four features, 32 outputs' four unsigned codes; their 32
/// scales; 32 minima or second scales. Where scales are binary16, they are widened once a block and kept in two registers.</para>
/// <para>Six rows saturate the multipliers: of 10 instructions there a row and block, 8 are products. That holds only if each row's sums are finished
/// as soon as its last product is issued, not all rows' together at the end of a block (measured on Zen 5: 875 against 675 GOP/s in the first-level cache).</para>
/// </remarks>
internal static class Int8KernelWriter
{
    /// <summary>Features of a block.</summary>
    internal const int Block = 32;

    /// <summary>Outputs of a panel.</summary>
    internal const int Outputs = 32;

    /// <summary>Most rows of a tile: with two sums and two results a row and two weights, 26 of 32 registers.</summary>
    internal const int MostRows = 6;

    /// <summary>Cache lines that are asked for at every block of every tile, of what is needed later: a panel is read by many tiles.</summary>
    internal const int LinesAhead = 4;

    /// <summary>
    /// Kernels for panels that few tiles read, the first from memory: they ask for a third, a half, all of a block of 17 lines with
    /// <see cref="Int8Layout.HalfScale"/>, or, for a single row, for two lines of it, which lead the processor's own looking ahead to the next page.
    /// </summary>
    internal static readonly int[] MoreLinesAhead = [6, 9, 17, 2];

    private const int VectorBytes = 64;
    private const int Vectors = 2;
    private const int Steps = Block / 4;
    private const int ScaleOffset = Block, StartOffset = ScaleOffset + sizeof(float), SecondOffset = StartOffset + sizeof(int);

    /// <summary>Bytes of a row's block of x.</summary>
    internal static int RowBlockBytes(Int8Layout layout) => layout is Int8Layout.Scale or Int8Layout.HalfScale ? SecondOffset : SecondOffset + sizeof(float);

    /// <summary>Bytes of a panel's block of w.</summary>
    internal static int PanelBlockBytes(Int8Layout layout) => Outputs * (Block + (layout switch
    {
        Int8Layout.HalfScale => sizeof(ushort),
        Int8Layout.Scale => sizeof(float),
        _ => 2 * sizeof(float),
    }));

    /// <summary>Tiles of <paramref name="rows"/> rows against one panel.</summary>
    internal static void Tiles(Assembler a, int rows, Int8Layout layout, int linesAhead = LinesAhead)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MostRows);
        (Label tile, Label isFirst, Label block) = (new(), new(), new());
        a.Push(Rbx);
        a.Mov(Rsi, Field(nameof(Int8Arguments.X)));
        a.Mov(R8, Field(nameof(Int8Arguments.YStride)));
        a.Mov(R9, Field(nameof(Int8Arguments.Y)));
        a.Mov(R10, Field(nameof(Int8Arguments.Tiles)));
        a.Mov(R11, Field(nameof(Int8Arguments.Ahead)));
        a.Mov(Rax, Field(nameof(Int8Arguments.AheadStep)));

        a.Place(tile);
        a.Mov(Rdx, Field(nameof(Int8Arguments.W)));
        a.Mov(Rcx, Field(nameof(Int8Arguments.IsContinued)));
        a.Lea(Rbx, new Address(R9, 0, R8, 2));
        a.Add(Rbx, R8);
        ForEach(rows, (row, vector) => a.Vpxord(Result(rows, row, vector), Result(rows, row, vector), Result(rows, row, vector)));
        a.Cmp(Rcx, 0);
        a.Jcc(Condition.Equal, isFirst);
        ForEach(rows, (row, vector) => a.Vmovups(Result(rows, row, vector), Y(row, vector)));
        a.Place(isFirst);
        a.Mov(Rcx, Field(nameof(Int8Arguments.Blocks)));

        a.Place(block);
        BlockOfTile(a, rows, layout, linesAhead == LinesAhead ? 0 : linesAhead);
        for (int line = 0; line < LinesAhead && linesAhead == LinesAhead; line++)
        {
            a.Prefetcht1(new Address(R11, line * VectorBytes));
        }

        a.Add(R11, Rax);
        a.Add(Rsi, rows * RowBlockBytes(layout));
        a.Add(Rdx, PanelBlockBytes(layout));
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, block);

        ForEach(rows, (row, vector) => a.Vmovups(Y(row, vector), Result(rows, row, vector)));
        if (rows > 3)
        {
            a.Lea(R9, new Address(Rbx, 0, R8, 2));
            a.Add(R9, R8);
        }
        else
        {
            a.Mov(R9, Rbx); // only full tiles of six rows follow one another
        }

        a.Mov(Rcx, Field(nameof(Int8Arguments.XGap)));
        a.Add(Rsi, Rcx);
        a.Sub(R10, 1);
        a.Jcc(Condition.NotEqual, tile);
        a.Vzeroupper();
        a.Pop(Rbx);
        a.Ret();
    }

    /// <summary>One block; asks for so many lines for the first-level cache, a few at a time: a burst finds too few buffers free.</summary>
    private static void BlockOfTile(Assembler a, int rows, Int8Layout layout, int linesAhead)
    {
        int stepsOfASum = layout == Int8Layout.TwoScales ? Steps / 2 : Steps;
        int next = 0;
        int kept = (2 * Vectors * rows) + Vectors;
        int free = layout == Int8Layout.HalfScale ? kept + Vectors : kept;
        VectorRegister Free() => new(free + (next++ % (32 - free)));

        VectorRegister Sum(int row, int vector) => new((row * Vectors) + vector);
        VectorRegister Weight(int vector) => new((2 * Vectors * rows) + vector);
        for (int vector = 0; vector < Vectors && layout == Int8Layout.HalfScale; vector++)
        {
            a.VmovupsHalf(new(kept + vector), new Address(Rdx, (Steps * Vectors * VectorBytes) + (vector * VectorBytes / 2)));
            a.Vcvtph2ps(new(kept + vector), new(kept + vector));
        }

        for (int step = 0; step < Steps; step++)
        {
            for (int vector = 0; vector < Vectors; vector++)
            {
                a.Vmovups(Weight(vector), new Address(Rdx, ((step * Vectors) + vector) * VectorBytes));
            }

            for (int row = 0; row < rows; row++)
            {
                int x = row * RowBlockBytes(layout);
                for (int vector = 0; vector < Vectors && step % stepsOfASum == 0; vector++)
                {
                    a.Vpbroadcastd(Sum(row, vector), new Address(Rsi, x + (step == 0 ? StartOffset : SecondOffset)));
                }

                VectorRegister codes = Free();
                a.Vpbroadcastd(codes, new Address(Rsi, x + (step * 4)));
                for (int vector = 0; vector < Vectors; vector++)
                {
                    a.Vpdpbusd(Sum(row, vector), Weight(vector), codes);
                }

                if ((step + 1) % stepsOfASum == 0)
                {
                    Finish(row, x, step / stepsOfASum);
                }
            }

            for (int line = step * linesAhead / Steps; line < (step + 1) * linesAhead / Steps; line++)
            {
                a.Prefetcht0(new Address(R11, line * VectorBytes));
            }
        }

        void Finish(int row, int x, int half)
        {
            int scales = (Steps + half) * Vectors * VectorBytes;
            VectorRegister scale = Free();
            a.Vbroadcastss(scale, new Address(Rsi, x + ScaleOffset));
            for (int vector = 0; vector < Vectors; vector++)
            {
                VectorRegister both = Free();
                a.Vcvtdq2ps(Sum(row, vector), Sum(row, vector));
                if (layout == Int8Layout.HalfScale)
                {
                    a.Vmulps(both, scale, new VectorRegister(kept + vector));
                }
                else
                {
                    a.Vmulps(both, scale, new Address(Rdx, scales + (vector * VectorBytes)));
                }

                a.Vfmadd231ps(Result(rows, row, vector), Sum(row, vector), both);
            }

            if (layout == Int8Layout.ScaleAndMinimum)
            {
                VectorRegister sum = Free();
                a.Vbroadcastss(sum, new Address(Rsi, x + SecondOffset));
                for (int vector = 0; vector < Vectors; vector++)
                {
                    a.Vfmadd231ps(Result(rows, row, vector), sum, new Address(Rdx, scales + ((Vectors + vector) * VectorBytes)));
                }
            }
        }
    }

    private static void ForEach(int rows, Action<int, int> write)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int vector = 0; vector < Vectors; vector++)
            {
                write(row, vector);
            }
        }
    }

    private static VectorRegister Result(int rows, int row, int vector) => new(((rows + row) * Vectors) + vector);

    /// <summary>Rows 0 to 2 count from r9, 3 to 5 from rbx, by the stride in r8.</summary>
    private static Address Y(int row, int vector)
    {
        GeneralRegister start = row < 3 ? R9 : Rbx;
        return row % 3 == 0 ? new Address(start, vector * VectorBytes) : new Address(start, vector * VectorBytes, R8, row % 3);
    }

    private static Address Field(string name) => new(Rdi, (int)Marshal.OffsetOf<Int8Arguments>(name));
}
