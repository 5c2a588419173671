using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of attention over bytes; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct ByteAttentionKernels
{
    private static readonly Lazy<ByteAttentionKernels?> Generated = new(Generate);

    private readonly void** _entries; // softmax, then scores by rows, then sums by rows and vectors
    private readonly float* _constants;

    private ByteAttentionKernels(void** entries, float* constants)
    {
        _entries = entries;
        _constants = constants;
    }

    /// <summary>The kernels, made once a process; null where they cannot run or failed their check.</summary>
    internal static ByteAttentionKernels? Find() => MachineCodeSwitch.IsOn && ProcessorFeatures.HasByteDotProducts ? Generated.Value : null;

    /// <summary>Queries by keys; <see cref="ByteAttentionArguments.RowGroups"/> times <paramref name="rows"/> rows, all pages.</summary>
    internal void Scores(int rows, ByteAttentionArguments* arguments) => Call(rows, arguments);

    /// <summary>Scores to weights.</summary>
    internal void Softmax(ByteAttentionArguments* arguments)
    {
        arguments->Constants = _constants;
        Call(0, arguments);
    }

    /// <summary>Adds weights by values to sums; rows as in <see cref="Scores"/>.</summary>
    internal void Sums(int rows, int vectors, ByteAttentionArguments* arguments) =>
        Call((rows * ByteAttentionWriter.MostVectors) + vectors - 1 + 1 + ByteAttentionWriter.MostRows - ByteAttentionWriter.MostVectors, arguments);

    private void Call(int entry, ByteAttentionArguments* arguments) =>
        ((delegate* unmanaged<ByteAttentionArguments*, void>)_entries[entry])(arguments);

    private static ByteAttentionKernels? Generate()
    {
        List<byte> code = [];
        List<int> starts = [];
        Append(ByteSoftmaxWriter.Write);
        for (int rows = 1; rows <= ByteAttentionWriter.MostRows; rows++)
        {
            Append(a => ByteAttentionWriter.Scores(a, rows));
        }

        for (int rows = 1; rows <= ByteAttentionWriter.MostRows; rows++)
        {
            for (int vectors = 1; vectors <= ByteAttentionWriter.MostVectors; vectors++)
            {
                Append(a => ByteAttentionWriter.Sums(a, rows, vectors));
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

        ByteAttentionKernels kernels = new(entries, SoftmaxConstants.Place());
        return ByteAttentionSelfCheck.Passes(kernels) ? kernels : null;

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
