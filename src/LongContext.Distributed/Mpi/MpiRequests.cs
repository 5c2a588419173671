using System.Runtime.InteropServices;

namespace LongContext.Distributed.Mpi;

/// <summary>Requests in flight, in the array that MPI tests, each with who waits for it. Used by the communication thread only.</summary>
internal sealed unsafe class MpiRequests
{
    private readonly MpiApi _api;
    private readonly Stack<int> _free = [];
    private readonly List<nint> _retired = [];
    private IMpiRequestOwner?[] _owners = [];
    private nint _handles;
    private nint _statuses;
    private int* _indices;
    private int _used;

    internal MpiRequests(MpiApi api)
    {
        _api = api;
        Grow(32);
    }

    /// <summary>Requests that have not completed.</summary>
    internal int Active { get; private set; }

    /// <summary>Takes a place for a request that <paramref name="owner"/> hears of; pass <see cref="HandleOf"/> it to the call that starts it.</summary>
    internal int Add(IMpiRequestOwner owner)
    {
        if (_free.Count == 0)
        {
            Grow(_owners.Length * 2);
        }

        int slot = _free.Pop();
        _owners[slot] = owner;
        _used = Math.Max(_used, slot + 1);
        Active++;
        return slot;
    }

    /// <summary>Gives back a place whose call failed.</summary>
    internal void Remove(int slot)
    {
        _owners[slot] = null;
        SetNull(slot);
        _free.Push(slot);
        Active--;
    }

    internal nint HandleOf(int slot) => _handles + (slot * _api.Abi.HandleSize);

    /// <summary>Asks MPI to forget a receive. It completes some time later.</summary>
    internal void Cancel(int slot) => _api.Cancel(HandleOf(slot));

    /// <summary>Asks MPI once; owners of completed requests are told.</summary>
    /// <returns>Whether anything completed.</returns>
    internal bool Poll()
    {
        if (Active == 0)
        {
            return false;
        }

        int* indices = _indices; // owners may start requests, and the table may grow
        nint statuses = _statuses;
        int done = _api.TestSome(_used, _handles, indices, statuses);
        for (int i = 0; i < done; i++)
        {
            int slot = indices[i];
            IMpiRequestOwner owner = _owners[slot]!;
            Remove(slot);
            owner.Completed(slot, new MpiCompletion(_api, statuses, i));
        }

        return done > 0;
    }

    /// <summary>Frees the array, once no request is left.</summary>
    internal void Free()
    {
        if (Active == 0 && _handles != 0)
        {
            NativeMemory.Free((void*)_handles);
            NativeMemory.Free((void*)_statuses);
            NativeMemory.Free(_indices);
            _retired.ForEach(p => NativeMemory.Free((void*)p));
            _retired.Clear();
            _handles = 0;
        }
    }

    private void Grow(int capacity)
    {
        int old = _owners.Length;
        Array.Resize(ref _owners, capacity);
        _handles = (nint)NativeMemory.Realloc((void*)_handles, (nuint)(capacity * _api.Abi.HandleSize));
        _retired.Add(_statuses); // Poll may be reading them
        _retired.Add((nint)_indices);
        _statuses = (nint)NativeMemory.AllocZeroed((nuint)(capacity * _api.Abi.StatusSize));
        _indices = (int*)NativeMemory.AllocZeroed((nuint)(capacity * sizeof(int)));
        for (int slot = capacity - 1; slot >= old; slot--)
        {
            SetNull(slot);
            _free.Push(slot);
        }
    }

    private void SetNull(int slot)
    {
        if (_api.Abi.HandleSize == sizeof(int))
        {
            *(int*)HandleOf(slot) = (int)_api.Abi.NullRequest;
        }
        else
        {
            *(nint*)HandleOf(slot) = _api.Abi.NullRequest;
        }
    }
}
