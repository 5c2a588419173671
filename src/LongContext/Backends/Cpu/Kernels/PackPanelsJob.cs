using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Lays a Q8_0 matrix out in <see cref="MatrixLayout.Panels"/>. A piece is a panel.</summary>
/// <param name="w">[outputs, features] as in a file.</param>
/// <param name="blocks">Blocks of a row.</param>
/// <param name="panels">Written, as many bytes.</param>
internal readonly unsafe struct PackPanelsJob(byte* w, int blocks, byte* panels) : IJob
{
    private const int Lanes = 16;

    private readonly byte* _w = w;
    private readonly int _blocks = blocks;
    private readonly byte* _panels = panels;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        int blockBytes = Int8KernelWriter.PanelBlockBytes(Int8Layout.HalfScale);
        long stride = (long)_blocks * Q8_0.Bytes;
        for (long panel = start; panel < end; panel++)
        {
            byte* source = _w + (panel * PanelRows.Rows * stride);
            byte* destination = _panels + (panel * _blocks * blockBytes);
            for (int block = 0; block < _blocks; block++, source += Q8_0.Bytes, destination += blockBytes)
            {
                for (int half = 0; half < PanelRows.Rows / Lanes; half++)
                {
                    byte* rows = source + (half * Lanes * stride);
                    Q8_0.PackCodes(rows, stride, destination + (half * Lanes * sizeof(uint)));
                    PanelParts.HalfBits(rows, stride).Store((ushort*)(destination + PanelParts.Scales) + (half * Lanes));
                }
            }
        }
    }
}
