using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of attention over bfloat16 pairs; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct AttentionKernels
{
    private const int Shapes = AttentionKernelWriter.MostRows * AttentionKernelWriter.MostVectors;

    private static readonly Lazy<AttentionKernels?> Generated = new(Generate);

    private readonly void** _entries; // softmax, then scores by shape, then sums by shape
    private readonly float* _constants;
    private readonly BF16Kernels _rounding;

    private AttentionKernels(void** entries, float* constants, BF16Kernels rounding)
    {
        _entries = entries;
        _constants = constants;
        _rounding = rounding;
    }

    /// <summary>The kernels, made once a process; null where they cannot run, would not pay, or failed their check.</summary>
    internal static AttentionKernels? Find() => BF16Kernels.Find() is null ? null : Generated.Value;

    /// <summary>The same where their products would not pay, but rounding and softmax serve tiles.</summary>
    internal static AttentionKernels? FindAny() => BF16Kernels.FindAny() is null ? null : Generated.Value;

    /// <summary>Rounds floats to bfloat16 in pieces of 32.</summary>
    internal void Round(float* source, ushort* destination, long steps) => _rounding.Round(source, destination, steps);

    /// <summary>Queries by keys; <see cref="ProductArguments.RowGroups"/> times <paramref name="rows"/> rows, all blocks.</summary>
    internal void Scores(int rows, int vectors, ProductArguments* arguments) =>
        ((delegate* unmanaged<ProductArguments*, void>)_entries[1 + Shape(rows, vectors)])(arguments);

    /// <summary>Adds weights by values to sums; rows as in <see cref="Scores"/>.</summary>
    internal void Sums(int rows, int vectors, ProductArguments* arguments) =>
        ((delegate* unmanaged<ProductArguments*, void>)_entries[1 + Shapes + Shape(rows, vectors)])(arguments);

    /// <summary>Scores to weights.</summary>
    internal void Softmax(SoftmaxArguments* arguments)
    {
        arguments->Constants = _constants;
        ((delegate* unmanaged<SoftmaxArguments*, void>)_entries[0])(arguments);
    }

    private static int Shape(int rows, int vectors) => ((rows - 1) * AttentionKernelWriter.MostVectors) + vectors - 1;

    private static AttentionKernels? Generate()
    {
        List<byte> code = [];
        List<int> starts = [];
        Append(SoftmaxKernelWriter.Write);
        foreach (Action<Assembler, int, int> write in (Action<Assembler, int, int>[])[AttentionKernelWriter.Scores, AttentionKernelWriter.Sums])
        {
            for (int shape = 0; shape < Shapes; shape++)
            {
                (int rows, int vectors) = Math.DivRem(shape, AttentionKernelWriter.MostVectors);
                Append(a => write(a, rows + 1, vectors + 1));
            }
        }

        byte* start = (byte*)ExecutableMemory.Place(CollectionsMarshal.AsSpan(code));
        if (start == null)
        {
            return null;
        }

        void** entries = (void**)NativeMemory.Alloc((nuint)starts.Count, (nuint)sizeof(void*)); // with the code, for the process's life
        for (int i = 0; i < starts.Count; i++)
        {
            entries[i] = start + starts[i];
        }

        AttentionKernels kernels = new(entries, SoftmaxConstants.Place(), BF16Kernels.FindAny()!.Value);
        return AttentionSelfCheck.Passes(kernels) ? kernels : null;

        void Append(Action<Assembler> write)
        {
            Assembler assembler = new();
            write(assembler);
            starts.Add(code.Count);
            code.AddRange(assembler.Assemble());
            while (code.Count % 64 != 0)
            {
                code.Add(0xCC); // a breakpoint: nothing runs into the next kernel unseen
            }
        }
    }
}
