using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>A block format that can be laid out as the panels that kernels of byte products read: <see cref="Int8KernelWriter"/>.</summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of a block of the format.</summary>
    static abstract int Bytes { get; }

    /// <summary>Elements of a block of the format, a multiple of 32.</summary>
    static abstract int Elements { get; }

    /// <summary>What accompanies the codes.</summary>
    static abstract Int8Layout Layout { get; }

    /// <summary>Lays out one block of the format for 16 outputs.</summary>
    /// <param name="w">The first output's block.</param>
    /// <param name="stride">Bytes from an output's block to the next output's.</param>
    /// <param name="panel">Where the first output's first code goes.</param>
    static abstract void Pack(byte* w, long stride, byte* panel);
}
