namespace LongContext.Distributed.Mpi;

/// <summary>Keeps scratch memory for the next operation. Used by the communication thread only.</summary>
internal sealed class ScratchPool
{
    private readonly List<ScratchMemory> _free = [];

    /// <summary>Memory of at least <paramref name="bytes"/>.</summary>
    internal ScratchMemory Take(long bytes)
    {
        int found = _free.FindIndex(m => m.Bytes >= bytes);
        if (found < 0)
        {
            return new ScratchMemory(bytes);
        }

        ScratchMemory memory = _free[found];
        _free.RemoveAt(found);
        return memory;
    }

    internal void Return(ScratchMemory memory)
    {
        _free.Add(memory);
        _free.Sort((a, b) => a.Bytes.CompareTo(b.Bytes)); // the smallest that fits is taken
        if (_free.Count > 8)
        {
            _free[0].Free();
            _free.RemoveAt(0);
        }
    }

    internal void Free()
    {
        _free.ForEach(m => m.Free());
        _free.Clear();
    }
}
