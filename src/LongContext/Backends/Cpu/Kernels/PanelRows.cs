using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Rows of a matrix in <see cref="MatrixLayout.Panels"/>: the same numbers as in the file, found elsewhere.</summary>
internal static unsafe class PanelRows
{
    /// <summary>Rows of a panel.</summary>
    internal const int Rows = Int8KernelWriter.Outputs;

    private const int Columns = Int8KernelWriter.Block, Zero = 128;

    private static int BlockBytes => Int8KernelWriter.PanelBlockBytes(Int8Layout.HalfScale);

    /// <summary>Whether a matrix can lie in panels.</summary>
    internal static bool Suits(in Tensor matrix) => matrix.Type == DType.Q8_0 && matrix.Shape.Rank == 2 && matrix.Rows > 0 && matrix.Rows % Rows == 0;

    /// <summary>Checks that a view of panels begins and ends between two of them.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    internal static void Check(in Tensor matrix)
    {
        long panel = BlockFormat.Of(matrix.Type).ByteCount((long)Rows * matrix.RowLength);
        if (matrix.ByteOffset % panel != 0 || matrix.Rows % Rows != 0)
        {
            throw new ArgumentException($"Rows of a weight in panels can be taken only {Rows} by {Rows}.", nameof(matrix));
        }
    }

    /// <summary>Decodes one row.</summary>
    /// <param name="panels">The matrix.</param>
    /// <param name="row">Which.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="values">[32 · blocks], written.</param>
    internal static void Decode(byte* panels, long row, int blocks, float* values)
    {
        byte* block = panels + (row / Rows * blocks * BlockBytes);
        int lane = (int)(row % Rows);
        for (int b = 0; b < blocks; b++, block += BlockBytes, values += Columns)
        {
            float scale = (float)((Half*)(block + PanelParts.Scales))[lane];
            for (int k = 0; k < Columns; k++)
            {
                values[k] = scale * (block[(k / 4 * PanelParts.Step) + (lane * 4) + (k % 4)] - Zero);
            }
        }
    }
}
