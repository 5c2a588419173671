using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated tile kernels; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct AmxKernels
{
    private static readonly Lazy<AmxKernels?> Generated = new(Generate);
    private static readonly byte* Whole = AmxConfiguration.Place(pairs: 16), Half = AmxConfiguration.Place(pairs: 8);

    private readonly void** _entries; // in the order of Codes

    /// <summary>Takes code that stands for <see cref="Codes"/>.</summary>
    internal AmxKernels(void** entries) => _entries = entries;

    /// <summary>The kernels, made once a process; null where they cannot run or failed their check.</summary>
    internal static AmxKernels? Find() => MachineCodeSwitch.IsAmxOn && AmxPermission.IsGranted ? Generated.Value : null;

    /// <summary>Writes all kernels.</summary>
    internal static byte[][] Codes() =>
    [
        Code(a => AmxProductWriter.Write(a, 1)),
        Code(a => AmxProductWriter.Write(a, 2)),
        Code(a => AmxAttentionWriter.Scores(a, 1, 8)),
        Code(a => AmxAttentionWriter.Scores(a, 2, 8)),
        Code(a => AmxAttentionWriter.Scores(a, 1, 16)),
        Code(a => AmxAttentionWriter.Scores(a, 2, 16)),
        Code(a => AmxAttentionWriter.Sums(a, 1, 1)),
        Code(a => AmxAttentionWriter.Sums(a, 2, 1)),
        Code(a => AmxAttentionWriter.Sums(a, 1, 2)),
        Code(a => AmxAttentionWriter.Sums(a, 2, 2)),
    ];

    /// <summary>Weights by up to 16 rows of x for each of <paramref name="rowTiles"/>, 1 or 2.</summary>
    internal void Multiply(int rowTiles, AmxProductArguments arguments)
    {
        SignalStack.Enlarge();
        arguments.Configuration = Whole;
        ((delegate* unmanaged<AmxProductArguments*, void>)_entries[rowTiles - 1])(&arguments);
    }

    /// <summary>Queries by keys, 16 rows for each of <paramref name="rowTiles"/>, 32 keys at a time; <paramref name="pairs"/> of features, 8 or 16, in a step.</summary>
    internal void Scores(int rowTiles, int pairs, AmxAttentionArguments arguments) =>
        Attend((pairs == 8 ? 2 : 4) + rowTiles - 1, pairs == 8 ? Half : Whole, pairs, arguments);

    /// <summary>Adds weights by values to sums, 16 rows for each of <paramref name="rowTiles"/>, 16 features for each of <paramref name="columnTiles"/>.</summary>
    internal void Sums(int rowTiles, int columnTiles, AmxAttentionArguments arguments) =>
        Attend(6 + (2 * (columnTiles - 1)) + rowTiles - 1, Whole, AmxAttentionWriter.WholePairs, arguments);

    private void Attend(int entry, byte* configuration, int pairs, AmxAttentionArguments arguments)
    {
        SignalStack.Enlarge();
        arguments.Configuration = configuration;
        (arguments.ATile, arguments.BTile, arguments.CTile) =
            (AmxConfiguration.Rows * arguments.AStride, pairs * arguments.BStride, AmxConfiguration.Rows * arguments.CStride);
        ((delegate* unmanaged<AmxAttentionArguments*, void>)_entries[entry])(&arguments);
    }

    private static byte[] Code(Action<Assembler> write)
    {
        Assembler code = new();
        write(code);
        return code.Assemble();
    }

    private static AmxKernels? Generate()
    {
        byte[][] codes = Codes();
        void** entries = (void**)NativeMemory.Alloc((nuint)codes.Length, (nuint)sizeof(void*)); // with the code, for the process's life
        for (int i = 0; i < codes.Length; i++)
        {
            entries[i] = ExecutableMemory.Place(codes[i]);
            if (entries[i] == null)
            {
                return null;
            }
        }

        AmxKernels kernels = new(entries);
        return AmxSelfCheck.Passes(kernels) ? kernels : null;
    }
}
