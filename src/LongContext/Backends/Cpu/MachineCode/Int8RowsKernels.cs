using System.Runtime.InteropServices;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of few rows against one weight type; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct Int8RowsKernels
{
    private static readonly Dictionary<DType, Lazy<Int8RowsKernels?>> Generated =
        Enum.GetValues<DType>().Where(Int8RowsWriter.Has).ToDictionary(type => type, type => new Lazy<Int8RowsKernels?>(() => Generate(type)));

    private readonly void** _entries; // by rows from 1

    private Int8RowsKernels(void** entries) => _entries = entries;

    /// <summary>The kernels for <paramref name="type"/>, made once a process; null where there are none, they cannot run, or they failed their check.</summary>
    internal static Int8RowsKernels? Find(DType type) =>
        MachineCodeSwitch.IsOn && ProcessorFeatures.HasInt8DotProducts && Generated.TryGetValue(type, out Lazy<Int8RowsKernels?>? kernels) ? kernels.Value : null;

    /// <summary>1 to <see cref="Int8RowsWriter.MostRows"/> rows.</summary>
    internal void Dot(int rows, Int8RowsArguments arguments) => ((delegate* unmanaged<Int8RowsArguments*, void>)_entries[rows - 1])(&arguments);

    private static Int8RowsKernels? Generate(DType type)
    {
        void** entries = (void**)NativeMemory.Alloc(Int8RowsWriter.MostRows, (nuint)sizeof(void*)); // with the code, for the process's life
        for (int rows = 1; rows <= Int8RowsWriter.MostRows; rows++)
        {
            Assembler code = new();
            Int8RowsWriter.Write(code, type, rows);
            entries[rows - 1] = ExecutableMemory.Place(code.Assemble());
            if (entries[rows - 1] == null)
            {
                return null;
            }
        }

        return new Int8RowsKernels(entries);
    }
}
