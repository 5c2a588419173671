using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the tile kernel of a linear layer. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// Weights are the left operand: they lie in tiles as they lie in a file, 16 outputs of 32 features. The rows of x are the right one,
/// whose features lie in pairs. Each sum takes the features in order, 32 at a time, whatever rows and outputs are computed with it.
/// Two by two tiles of sums; the four operand tiles of a step are loaded before its products: measured 2 % faster than in between.
/// </remarks>
internal static class AmxProductWriter
{
    /// <summary>Features that one product takes.</summary>
    internal const int Step = 32;

    /// <summary>Outputs of a panel, and most rows.</summary>
    internal const int Width = 32;

    /// <summary>Bytes of sums of a panel.</summary>
    internal const int SumBytes = Width * Width * sizeof(float);

    private const int TileBytes = AmxConfiguration.Rows * AmxConfiguration.RowBytes;
    private const int Unrolled = 4, CacheLine = 64;
    private const int LinesAhead = 4; // of a step

    /// <summary>Panels of weights by up to 16 rows for each of <paramref name="rowTiles"/>.</summary>
    internal static void Write(Assembler a, int rowTiles)
    {
        (Label panel, Label fresh, Label start, Label four, Label rest, Label one, Label done) = (new(), new(), new(), new(), new(), new(), new());
        a.Push(Rbx);
        a.Mov(Rax, Field(nameof(AmxProductArguments.Configuration)));
        a.Ldtilecfg(new Address(Rax));
        a.Mov(R8, Field(nameof(AmxProductArguments.Weights)));
        a.Mov(R9, Field(nameof(AmxProductArguments.AheadStep)));
        a.Mov(R10, Field(nameof(AmxProductArguments.Panels)));
        a.Mov(R11, Field(nameof(AmxProductArguments.Sums)));
        a.Mov(Rax, Field(nameof(AmxProductArguments.Ahead)));
        a.Mov(Rsi, AmxConfiguration.RowBytes);
        a.Mov(Rdx, Width * sizeof(float));

        a.Place(panel);
        a.Mov(Rbx, Field(nameof(AmxProductArguments.Rows)));
        a.Mov(Rcx, Field(nameof(AmxProductArguments.IsContinued)));
        a.Cmp(Rcx, 0);
        a.Jcc(Condition.Equal, fresh);
        EachSum(rowTiles, (tile, address) => a.Tileloadd(tile, address));
        a.Jmp(start);
        a.Place(fresh);
        EachSum(rowTiles, (tile, _) => a.Tilezero(tile));

        a.Place(start);
        a.Mov(Rcx, Field(nameof(AmxProductArguments.Fours)));
        a.Cmp(Rcx, 0);
        a.Jcc(Condition.Equal, rest);
        a.Place(four);
        Steps(a, rowTiles, Unrolled);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, four);

        a.Place(rest);
        a.Mov(Rcx, Field(nameof(AmxProductArguments.Rest)));
        a.Cmp(Rcx, 0);
        a.Jcc(Condition.Equal, done);
        a.Place(one);
        Steps(a, rowTiles, 1);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, one);

        a.Place(done);
        EachSum(rowTiles, (tile, address) => a.Tilestored(address, tile));
        a.Add(R11, SumBytes);
        a.Sub(R10, 1);
        a.Jcc(Condition.NotEqual, panel);
        a.Tilerelease();
        a.Pop(Rbx);
        a.Ret();
    }

    private static void Steps(Assembler a, int rowTiles, int count)
    {
        for (int step = 0; step < count; step++)
        {
            for (int i = 0; i < 2; i++)
            {
                a.Tileloadd(new TileRegister(4 + i), new Address(R8, ((2 * step) + i) * TileBytes, Rsi));
            }

            for (int i = 0; i < rowTiles; i++)
            {
                a.Tileloadd(new TileRegister(6 + i), new Address(Rbx, ((rowTiles * step) + i) * TileBytes, Rsi));
            }

            for (int i = 0; i < 2 * rowTiles; i++)
            {
                (int output, int row) = Math.DivRem(i, rowTiles);
                a.Tdpbf16ps(new TileRegister((2 * output) + row), new TileRegister(4 + output), new TileRegister(6 + row));
                if (i < LinesAhead)
                {
                    a.Prefetcht1(new Address(Rax, i * CacheLine));
                }
            }

            for (int i = 2 * rowTiles; i < LinesAhead; i++)
            {
                a.Prefetcht1(new Address(Rax, i * CacheLine));
            }

            a.Add(Rax, R9);
        }

        a.Add(R8, count * 2 * TileBytes);
        a.Add(Rbx, count * rowTiles * TileBytes);
    }

    private static void EachSum(int rowTiles, Action<TileRegister, Address> write)
    {
        for (int i = 0; i < 2 * rowTiles; i++)
        {
            (int output, int row) = Math.DivRem(i, rowTiles);
            int offset = (output * AmxConfiguration.Rows * Width * sizeof(float)) + (row * AmxConfiguration.RowBytes);
            write(new TileRegister((2 * output) + row), new Address(R11, offset, Rdx));
        }
    }

    private static Address Field(string name) => new(Rdi, (int)Marshal.OffsetOf<AmxProductArguments>(name));
}
