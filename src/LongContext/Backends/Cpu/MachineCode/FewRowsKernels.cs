using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of few rows against one weight type; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct FewRowsKernels
{
    private static readonly Dictionary<DType, Lazy<FewRowsKernels?>> Generated =
        Enum.GetValues<DType>().Where(FewRowsWriter.Has).ToDictionary(type => type, type => new Lazy<FewRowsKernels?>(() => Generate(type)));

    private readonly void** _entries; // by rows from 1

    private FewRowsKernels(void** entries) => _entries = entries;

    /// <summary>The kernels for <paramref name="type"/>, made once a process; null where they cannot run or failed their check.</summary>
    /// <remarks>Asked at every operation, by who has <see cref="Int8Kernels"/>: those answer to <see cref="MachineCodeSwitch"/>.</remarks>
    internal static FewRowsKernels? Find(DType type) =>
        ProcessorFeatures.HasByteDotProducts && Avx512Vbmi2.IsSupported && Generated.TryGetValue(type, out Lazy<FewRowsKernels?>? kernels) ? kernels.Value : null;

    /// <summary>1 to <see cref="FewRowsWriter.MostRows"/> rows.</summary>
    internal void Dot(int rows, FewRowsArguments arguments) => ((delegate* unmanaged<FewRowsArguments*, void>)_entries[rows - 1])(&arguments);

    private static FewRowsKernels? Generate(DType type)
    {
        void** entries = (void**)NativeMemory.Alloc(FewRowsWriter.MostRows, (nuint)sizeof(void*)); // with the code, for the process's life
        for (int rows = 1; rows <= FewRowsWriter.MostRows; rows++)
        {
            Assembler code = new();
            FewRowsWriter.Write(code, type, rows);
            entries[rows - 1] = ExecutableMemory.Place(code.Assemble());
            if (entries[rows - 1] == null)
            {
                return null;
            }
        }

        FewRowsKernels kernels = new(entries);
        return FewRowsSelfCheck.Passes(kernels, type) ? kernels : null;
    }
}
