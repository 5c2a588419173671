using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Lays quantised weights out as a panel of 32 outputs: the same codes and scales, in the order in which a kernel reads them.</summary>
internal static unsafe class Int8Panel
{
    private const int Lanes = 16;
    private const int CacheLine = 64;

    /// <summary>What accompanies the codes of <paramref name="type"/>.</summary>
    internal static Int8Layout Layout(DType type) =>
        BlockCodes.HasMinimum(type) ? Int8Layout.ScaleAndMinimum : BlockCodes.ScalesOfABlock(type) == 2 ? Int8Layout.TwoScales : Int8Layout.Scale;

    /// <summary>Lays out 32 outputs.</summary>
    /// <param name="type">A type that <see cref="Int8Products.Suits"/>.</param>
    /// <param name="w">The first output's first block.</param>
    /// <param name="stride">Bytes from an output to the next.</param>
    /// <param name="blocks">Blocks of 32 features, whole blocks of the format.</param>
    /// <param name="panel">Written.</param>
    /// <param name="ahead">What to fetch for later, as many bytes as are read here; or null.</param>
    internal static void Pack(DType type, byte* w, long stride, int blocks, byte* panel, byte* ahead)
    {
        switch (type)
        {
            case DType.Q8_0: Pack<Q8_0>(w, stride, blocks, panel, ahead); break;
            case DType.Q4_0: Pack<Q4_0>(w, stride, blocks, panel, ahead); break;
            case DType.Q4_1: Pack<Q4_1>(w, stride, blocks, panel, ahead); break;
            case DType.Q5_0: Pack<Q5_0>(w, stride, blocks, panel, ahead); break;
            case DType.Q5_1: Pack<Q5_1>(w, stride, blocks, panel, ahead); break;
            case DType.Q4_K: Pack<Q4_K>(w, stride, blocks, panel, ahead); break;
            case DType.Q5_K: Pack<Q5_K>(w, stride, blocks, panel, ahead); break;
            case DType.Q6_K: Pack<Q6_K>(w, stride, blocks, panel, ahead); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "Not a block format.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack<TFormat>(byte* w, long stride, int blocks, byte* panel, byte* ahead)
        where TFormat : struct, IPanelFormat
    {
        int panelBlock = Int8KernelWriter.PanelBlockBytes(TFormat.Layout);
        for (int half = 0; half < Int8KernelWriter.Outputs / Lanes; half++)
        {
            byte* source = w + (half * Lanes * stride);
            byte* end = source + (blocks / (TFormat.Elements / Int8KernelWriter.Block) * TFormat.Bytes);
            byte* destination = panel + (half * CacheLine);
            for (; source < end; source += TFormat.Bytes)
            {
                if (ahead != null)
                {
                    byte* limit = ahead + (Lanes * TFormat.Bytes);
                    for (; ahead < limit; ahead += CacheLine)
                    {
                        Sse.Prefetch1(ahead);
                    }
                }

                TFormat.Pack(source, stride, destination);
                destination += TFormat.Elements / Int8KernelWriter.Block * panelBlock;
            }
        }
    }
}
