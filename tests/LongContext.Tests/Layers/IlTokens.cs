using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace LongContext.Tests.Layers;

/// <summary>The metadata tokens in a method's instructions.</summary>
internal static class IlTokens
{
    private static readonly Dictionary<ushort, OperandType> Operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(o => (ushort)o.Value, o => o.OperandType);

    internal static List<int> Of(BlobReader il)
    {
        List<int> tokens = [];
        while (il.RemainingBytes > 0)
        {
            ushort code = il.ReadByte();
            if (code == 0xFE)
            {
                code = (ushort)(0xFE00 | il.ReadByte());
            }

            switch (Operands[code])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    tokens.Add(il.ReadInt32());
                    break;
                case OperandType.InlineSwitch:
                    int targets = il.ReadInt32();
                    il.Offset += targets * sizeof(int);
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    il.Offset += sizeof(long);
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    il.Offset += sizeof(byte);
                    break;
                case OperandType.InlineVar:
                    il.Offset += sizeof(ushort);
                    break;
                case OperandType.InlineNone:
                    break;
                default:
                    il.Offset += sizeof(int); // strings, signatures, branches, 32-bit numbers
                    break;
            }
        }

        return tokens;
    }
}
