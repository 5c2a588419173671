using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Addresses of the generated kernels of byte products; unmanaged, so that jobs can carry it.</summary>
internal readonly unsafe struct Int8Kernels
{
    private static readonly Int8Layout[] Layouts = Enum.GetValues<Int8Layout>();
    private static readonly Lazy<Int8Kernels?> Generated = new(Generate);

    private readonly void** _entries; // for each layout, by rows from 1

    private Int8Kernels(void** entries) => _entries = entries;

    /// <summary>The kernels, made once a process; null where they cannot run or failed their check.</summary>
    internal static Int8Kernels? Find() => MachineCodeSwitch.IsOn && ProcessorFeatures.HasByteDotProducts ? Generated.Value : null;

    /// <summary>Tiles of 1 to <see cref="Int8KernelWriter.MostRows"/> rows against one panel.</summary>
    internal void Tiles(int rows, Int8Layout layout, Int8Arguments arguments) =>
        ((delegate* unmanaged<Int8Arguments*, void>)_entries[Entry(rows, (int)layout)])(&arguments);

    /// <summary>The same against a panel with <see cref="Int8Layout.HalfScale"/>; asks for the <paramref name="more"/>-th of <see cref="Int8KernelWriter.MoreLinesAhead"/>.</summary>
    internal void TilesAskingMore(int rows, int more, Int8Arguments arguments) =>
        ((delegate* unmanaged<Int8Arguments*, void>)_entries[Entry(rows, Layouts.Length + more)])(&arguments);

    private static int Entry(int rows, int kind) => rows - 1 + (kind * Int8KernelWriter.MostRows);

    private static Int8Kernels? Generate()
    {
        int kinds = Layouts.Length + Int8KernelWriter.MoreLinesAhead.Length;
        void** entries = (void**)NativeMemory.Alloc((nuint)(kinds * Int8KernelWriter.MostRows), (nuint)sizeof(void*)); // with the code, for the process's life
        for (int kind = 0; kind < kinds; kind++)
        {
            for (int rows = 1; rows <= Int8KernelWriter.MostRows; rows++)
            {
                Assembler code = new();
                if (kind < Layouts.Length)
                {
                    Int8KernelWriter.Tiles(code, rows, Layouts[kind]);
                }
                else
                {
                    Int8KernelWriter.Tiles(code, rows, Int8Layout.HalfScale, Int8KernelWriter.MoreLinesAhead[kind - Layouts.Length]);
                }

                void* entry = ExecutableMemory.Place(code.Assemble());
                if (entry == null)
                {
                    return null;
                }

                entries[Entry(rows, kind)] = entry;
            }
        }

        Int8Kernels kernels = new(entries);
        return Int8SelfCheck.Passes(kernels) ? kernels : null;
    }
}
