using Iced.Intel;

namespace LongContext.Tests.Backends.MachineCode;

/// <summary>Machine code as text, by Iced: an oracle that shares nothing with the assembler.</summary>
internal static class Disassembly
{
    /// <summary>One line an instruction; numbers are decimal, memory sizes left out.</summary>
    internal static List<string> Of(byte[] code)
    {
        IntelFormatter formatter = new();
        formatter.Options.NumberBase = NumberBase.Decimal;
        formatter.Options.MemorySizeOptions = MemorySizeOptions.Never;
        formatter.Options.SignedImmediateOperands = true;
        formatter.Options.BranchLeadingZeros = false;
        formatter.Options.ShowBranchSize = false;
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code), ip: 0);
        List<string> lines = [];
        while (decoder.IP < (ulong)code.Length)
        {
            decoder.Decode(out Instruction instruction);
            StringOutput output = new();
            formatter.Format(instruction, output);
            lines.Add(output.ToStringAndReset());
        }

        return lines;
    }
}
