using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>From scores to weights.</summary>
internal static unsafe partial class ByteSoftmaxWriter
{
    /// <summary>Scores to weights of one byte, and parts of the denominator.</summary>
    internal static void Weights(Assembler a)
    {
        (Label page, Label row) = (new(), new());
        a.Push(R13);
        StartWeights(a);
        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.Rows)));
        a.Mov(R10, ArgumentField(nameof(ByteAttentionArguments.Pages)));
        a.Mov(R11, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
        a.Place(page);
        a.Mov(R13, new Address(R10, (int)Marshal.OffsetOf<BytePage>(nameof(BytePage.ValueInverses))));
        a.Mov(R9, R8);
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(row);
        foreach (Action write in RowWeights(a).SelectMany(part => part))
        {
            write();
        }

        a.Add(R9, ByteRow.Bytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, row);
        a.Add(R8, ArgumentField(nameof(ByteAttentionArguments.PageStride)));
        a.Add(R10, sizeof(BytePage));
        a.Sub(R11, 1);
        a.Jcc(Condition.NotEqual, page);
        a.Vzeroupper();
        a.Pop(R13);
        a.Ret();
    }

    /// <summary>What <see cref="RowWeights"/> needs in registers 28 to 31; changes rax.</summary>
    internal static void StartWeights(Assembler a)
    {
        a.Mov(Rax, ArgumentField(nameof(ByteAttentionArguments.Constants)));
        a.Vbroadcastss(Shift, Constant(nameof(SoftmaxConstants.Shift)));
        a.Vbroadcastss(SixteenthShift, Constant(nameof(SoftmaxConstants.SixteenthShift)));
        a.Vbroadcastss(Inverse, Constant(nameof(SoftmaxConstants.Inverse)));
        a.Vmovups(Sixteenths, Constant(nameof(SoftmaxConstants.Sixteenths)));
    }

    /// <summary>
    /// The instructions, in a part for each 16 keys, that turn the row at r9 to weights by the negated maximum in it and leave parts of the
    /// denominator over the first scores; r13 is at the inverses of the values' scales. Registers 21 to 27.
    /// </summary>
    internal static Action[][] RowWeights(Assembler a)
    {
        (VectorRegister x, VectorRegister fraction, VectorRegister weight) = (new(21), new(22), new(23));
        VectorRegister sixteenth = new(27);
        (VectorRegister negated, VectorRegister sum, VectorRegister bytes) = (new(24), new(25), new(26));
        List<Action>[] parts = [.. Enumerable.Range(0, Vectors).Select(_ => new List<Action>())];
        parts[0].Add(() => a.Vbroadcastss(negated, new Address(R9, ByteRow.WeightOffset)));
        for (int v = Vectors - 1; v >= 0; v--) // the last keys' bytes are the highest
        {
            (int offset, bool isFirst) = (v * VectorBytes, v == Vectors - 1);
            parts[Vectors - 1 - v].AddRange(
            [
                () => a.Vaddps(x, negated, new Address(R9, offset)),
                () => a.VreducepsSixteenth(fraction, x),
                () => a.VaddpsDown(sixteenth, x, SixteenthShift),
                () => a.Vaddps(weight, fraction, Inverse),
                () => a.Vpermps(sixteenth, sixteenth, Sixteenths),
                () => a.Vmulps(weight, weight, sixteenth),
                () => a.Vscalefps(weight, weight, x),
                () => a.Vaddps(isFirst ? bytes : fraction, weight, Shift),
                () => a.Vsubps(weight, isFirst ? bytes : fraction, Shift),
            ]);
            if (isFirst)
            {
                parts[0].Add(() => a.Vmulps(sum, weight, new Address(R13, offset)));
                continue;
            }

            parts[Vectors - 1 - v].AddRange(
            [
                () => a.Vfmadd231ps(sum, weight, new Address(R13, offset)),
                () => a.Vpslld(bytes, bytes, 8),
                () => a.Vpxord(bytes, bytes, fraction),
            ]);
        }

        parts[^1].AddRange(
        [
            () => a.Vpxord(bytes, bytes, Shift), // the first keys' exponent, over the last keys' bytes
            () => a.Vmovups(new Address(R9, ByteRow.WeightOffset), bytes),
            () => a.Vmovups(new Address(R9), sum),
        ]);
        return [.. parts.Select(part => part.ToArray())];
    }
}
