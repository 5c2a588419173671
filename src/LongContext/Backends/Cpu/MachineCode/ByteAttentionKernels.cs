using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of attention over bytes; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct ByteAttentionKernels
{
    private const int FirstWeighing = 4;
    private const int FirstScores = FirstWeighing + ByteAttentionWriter.MostVectors;
    private const int FirstSums = FirstScores + ByteAttentionWriter.WeighingRows;

    private static readonly Lazy<ByteAttentionKernels?> Generated = new(Generate);

    private readonly void** _entries; // four of softmax; weights and sums by vectors; scores by rows; sums by rows and vectors
    private readonly float* _constants;

    private ByteAttentionKernels(void** entries, float* constants)
    {
        _entries = entries;
        _constants = constants;
    }

    /// <summary>The kernels, made once a process; null where they cannot run or failed their check.</summary>
    internal static ByteAttentionKernels? Find() => MachineCodeSwitch.IsOn && ProcessorFeatures.HasByteDotProducts ? Generated.Value : null;

    /// <summary>Queries by keys; <see cref="ByteAttentionArguments.RowGroups"/> times <paramref name="rows"/> rows, all pages.</summary>
    internal void Scores(int rows, ByteAttentionArguments* arguments) => Call(FirstScores + rows - 1, arguments);

    /// <summary>The maxima once more, of scores that changed after <see cref="Scores"/>: RowGroups rows.</summary>
    internal void Maxima(ByteAttentionArguments* arguments) => Call(0, arguments);

    /// <summary>Maxima to factors.</summary>
    internal void Factors(ByteAttentionArguments* arguments) => Call(1, arguments);

    /// <summary>Scores to weights: RowGroups rows.</summary>
    internal void Weights(ByteAttentionArguments* arguments) => Call(2, arguments);

    /// <summary>Parts left with the weights to denominators: RowGroups rows.</summary>
    internal void Denominators(ByteAttentionArguments* arguments) => Call(3, arguments);

    /// <summary>Scores to weights, and adds weights by values to sums: RowGroups times <see cref="ByteAttentionWriter.WeighingRows"/> rows.</summary>
    internal void WeightsAndSums(int vectors, ByteAttentionArguments* arguments) => Call(FirstWeighing + vectors - 1, arguments);

    /// <summary>Adds weights by values to sums; rows as in <see cref="Scores"/>.</summary>
    internal void Sums(int rows, int vectors, ByteAttentionArguments* arguments) =>
        Call(FirstSums + ((rows - 1) * ByteAttentionWriter.MostVectors) + vectors - 1, arguments);

    private void Call(int entry, ByteAttentionArguments* arguments)
    {
        arguments->Constants = _constants;
        ((delegate* unmanaged<ByteAttentionArguments*, void>)_entries[entry])(arguments);
    }

    private static ByteAttentionKernels? Generate()
    {
        List<byte> code = [];
        List<int> starts = [];
        Append(ByteSoftmaxWriter.Maxima);
        Append(ByteSoftmaxWriter.Factors);
        Append(ByteSoftmaxWriter.Weights);
        Append(ByteSoftmaxWriter.Denominators);
        for (int vectors = 1; vectors <= ByteAttentionWriter.MostVectors; vectors++)
        {
            Append(a => ByteAttentionWriter.WeightsAndSums(a, vectors));
        }

        for (int rows = 1; rows <= ByteAttentionWriter.WeighingRows; rows++)
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
