using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of byte products; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct Int8Kernels
{
    private static readonly Lazy<Int8Kernels?> Generated = new(Generate);

    private readonly void** _entries; // for each layout, by rows from 1

    private Int8Kernels(void** entries) => _entries = entries;

    /// <summary>The kernels, made once a process; null where they cannot run or failed their check.</summary>
    internal static Int8Kernels? Find() => MachineCodeSwitch.IsOn && ProcessorFeatures.HasByteDotProducts ? Generated.Value : null;

    /// <summary>Tiles of 1 to <see cref="Int8KernelWriter.MostRows"/> rows against one panel.</summary>
    internal void Tiles(int rows, Int8Layout layout, Int8Arguments arguments) =>
        ((delegate* unmanaged<Int8Arguments*, void>)_entries[Entry(rows, layout)])(&arguments);

    private static int Entry(int rows, Int8Layout layout) => rows - 1 + ((int)layout * Int8KernelWriter.MostRows);

    private static Int8Kernels? Generate()
    {
        Int8Layout[] layouts = Enum.GetValues<Int8Layout>();
        void** entries = (void**)NativeMemory.Alloc((nuint)(layouts.Length * Int8KernelWriter.MostRows), (nuint)sizeof(void*)); // with the code, for the process's life
        foreach (Int8Layout layout in layouts)
        {
            for (int rows = 1; rows <= Int8KernelWriter.MostRows; rows++)
            {
                Assembler code = new();
                Int8KernelWriter.Tiles(code, rows, layout);
                void* entry = ExecutableMemory.Place(code.Assemble());
                if (entry == null)
                {
                    return null;
                }

                entries[Entry(rows, layout)] = entry;
            }
        }

        Int8Kernels kernels = new(entries);
        return Int8SelfCheck.Passes(kernels) ? kernels : null;
    }
}
