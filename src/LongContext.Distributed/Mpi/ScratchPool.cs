namespace LongContext.Distributed.Mpi;

/// <summary>Keeps scratch memory for the next operation. Used by the communication thread only.</summary>
internal sealed class ScratchPool
{
    private readonly List<ScratchMemory> _free = [];

    /// <summary>Memory of at least <paramref name="bytes"/>.</summary>
    internal ScratchMemory Take(long bytes)
    {
        for (int i = 0; i < _free.Count; i++)
        {
            ScratchMemory memory = _free[i];
            if (memory.Bytes >= bytes) // the smallest that fits: they are in order
            {
                _free.RemoveAt(i);
                return memory;
            }
        }

        return new ScratchMemory(bytes);
    }

    internal void Return(ScratchMemory memory)
    {
        int place = 0;
        while (place < _free.Count && _free[place].Bytes < memory.Bytes)
        {
            place++;
        }

        _free.Insert(place, memory);
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
