using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of bfloat16 products; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct BF16Kernels
{
    /// <summary>Most rows that a kernel takes together.</summary>
    internal const int MostRows = 6;

    private const int Others = 3;
    private const int StepBytes = BF16KernelWriter.Step * sizeof(ushort); // of one output

    private static readonly Lazy<BF16Kernels?> Generated = new(Generate);

    private readonly void** _entries; // rounding, one row of Q8_0, turned tiles, then by rows from 1: weights from memory, weights from a cache

    private BF16Kernels(void** entries) => _entries = entries;

    /// <summary>The kernels, made once a process; null where they cannot run, would not pay, or failed their check.</summary>
    internal static BF16Kernels? Find() => ProcessorFeatures.IsAmd ? FindAny() : null;

    /// <summary>The same where they would not pay for a linear layer too.</summary>
    internal static BF16Kernels? FindAny() => MachineCodeSwitch.IsOn && ProcessorFeatures.HasBF16DotProducts ? Generated.Value : null;

    /// <summary>Rounds floats to bfloat16, to nearest, ties to even; subnormal numbers become zero.</summary>
    internal void Round(float* source, ushort* destination, long steps)
    {
        RoundArguments arguments = new() { Source = source, Destination = destination, Steps = steps };
        ((delegate* unmanaged<RoundArguments*, void>)_entries[0])(&arguments);
    }

    /// <summary>1 to <see cref="MostRows"/> rows against bfloat16 weights that a cache holds.</summary>
    internal void Dot(int rows, DotArguments arguments) =>
        ((delegate* unmanaged<DotArguments*, void>)_entries[Others + MostRows + rows - 1])(&arguments);

    /// <summary>
    /// The same against weights from memory, the next group's asked for ahead: all of it, or, for a single row, a line of four, which leads the processor's
    /// own looking ahead.
    /// </summary>
    internal void DotFromMemory(int rows, DotArguments arguments) =>
        ((delegate* unmanaged<DotArguments*, void>)_entries[Others + rows - 1])(&arguments);

    /// <summary>One row against Q8_0 weights: the bits of <see cref="Dot"/> over the same weights, decoded and rounded before.</summary>
    internal void DotQ8(DotArguments arguments) => ((delegate* unmanaged<DotArguments*, void>)_entries[1])(&arguments);

    /// <summary>Tiles of six rows against 64 outputs, one lane's pairs of features: <see cref="BF16TurnedWriter"/>.</summary>
    internal void DotTurned(TurnedDotArguments arguments) => ((delegate* unmanaged<TurnedDotArguments*, void>)_entries[2])(&arguments);

    private static BF16Kernels? Generate()
    {
        Assembler[] codes = [.. Enumerable.Range(0, Others + (2 * MostRows)).Select(_ => new Assembler())];
        BF16KernelWriter.Round(codes[0]);
        BF16KernelWriter.DotQ8(codes[1]);
        BF16TurnedWriter.Write(codes[2]);
        for (int rows = 1; rows <= MostRows; rows++)
        {
            BF16KernelWriter.Dot(codes[Others + rows - 1], rows, fetched: rows == 1 ? StepBytes / BF16KernelWriter.Outputs : StepBytes);
            BF16KernelWriter.Dot(codes[Others + MostRows + rows - 1], rows, fetched: 0);
        }

        void** entries = (void**)NativeMemory.Alloc((nuint)codes.Length, (nuint)sizeof(void*)); // with the code, for the process's life
        for (int i = 0; i < codes.Length; i++)
        {
            entries[i] = ExecutableMemory.Place(codes[i].Assemble());
            if (entries[i] == null)
            {
                return null;
            }
        }

        BF16Kernels kernels = new(entries);
        return BF16SelfCheck.Passes(kernels) ? kernels : null;
    }
}
