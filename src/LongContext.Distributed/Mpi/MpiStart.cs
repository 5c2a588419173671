using System.Diagnostics;
using System.Runtime.InteropServices;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>Makes a world: duplicates MPI's, and exchanges start records, a step each time the communication thread comes by.</summary>
internal sealed unsafe class MpiStart : IMpiRequestOwner
{
    private const int StartTag = 2;

    private readonly MpiProcess _process;
    private readonly CommunicatorOptions _options;
    private readonly MpiRequests _requests;
    private readonly TaskCompletionSource _done = new();
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly bool[] _heard;
    private readonly Dictionary<int, int> _receives = []; // place of the request → rank
    private byte* _memory;
    private bool _exchanging;

    internal MpiStart(MpiProcess process, CommunicatorOptions options)
    {
        (_process, _options) = (process, options);
        _requests = new MpiRequests(process.Api);
        _heard = new bool[process.Place.Size];
    }

    /// <summary>What was made.</summary>
    internal MpiWorld? World { get; private set; }

    /// <summary>Waits for it. The rank's thread.</summary>
    /// <exception cref="CommunicatorException">Not all ranks came in time, or they do not fit together.</exception>
    internal void Await()
    {
        // The communication thread watches the deadline; this is for the case that it hangs inside MPI.
        if (!_done.Task.ContinueWith(_ => { }, TaskScheduler.Default).Wait(_options.StartDeadline + TimeSpan.FromSeconds(2)))
        {
            Fail(FaultKind.DeadlineExceeded, Communicator.NoRank, "MPI does not return.");
        }

        _done.Task.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Completed(int slot, in MpiCompletion completion)
    {
        if (_receives.Remove(slot, out int rank))
        {
            _heard[rank] = true;
            if (completion.Bytes() != MpiStartRecord.Bytes)
            {
                throw new MpiErrorException("A start record", $"{completion.Bytes()} bytes came from rank {rank}.", truncated: true);
            }
        }
    }

    /// <summary>A step, on the communication thread.</summary>
    /// <returns>Whether that was the last one.</returns>
    internal bool Advance()
    {
        try
        {
            if (_memory == null)
            {
                _memory = (byte*)NativeMemory.AllocZeroed((nuint)(sizeof(nint) + (_heard.Length * MpiStartRecord.Bytes)));
                _process.Api.Duplicate((nint*)_memory, _requests.HandleOf(_requests.Add(this)));
            }

            _requests.Poll();
            if (_requests.Active == 0)
            {
                if (_exchanging)
                {
                    return Finish();
                }

                Exchange();
            }
        }
        catch (MpiErrorException e)
        {
            return Fail(e.Truncated ? FaultKind.Truncated : FaultKind.TransportError, Communicator.NoRank, $"MPI reports an error: {e.Message}");
        }

        if (Stopwatch.GetElapsedTime(_begun) > _options.StartDeadline)
        {
            int missing = _exchanging ? Array.IndexOf(_heard, false) : Communicator.NoRank;
            string who = missing == Communicator.NoRank ? "some rank" : $"rank {missing}";
            return Fail(FaultKind.DeadlineExceeded, missing, $"{who} did not come to the start within {_options.StartDeadline.TotalSeconds} s.");
        }

        return false;
    }

    /// <summary>The world is where the process looks for it: whoever waits may have it.</summary>
    internal void Complete() => _done.TrySetResult();

    private nint Handle => *(nint*)_memory;

    private Span<byte> Record(int rank) => new(_memory + sizeof(nint) + (rank * MpiStartRecord.Bytes), MpiStartRecord.Bytes);

    private void Exchange()
    {
        _exchanging = true;
        (int me, int size) = _process.Place;
        _process.Api.SetErrorsReturn(Handle);
        _heard[me] = true;
        MpiStartRecord.Write(Record(me), _options, _process.Version);
        for (int peer = 0; peer < size; peer++)
        {
            if (peer != me)
            {
                int receive = _requests.Add(this);
                _receives.Add(receive, peer);
                nint theirs = (nint)(_memory + sizeof(nint) + (peer * MpiStartRecord.Bytes));
                nint mine = (nint)(_memory + sizeof(nint) + (me * MpiStartRecord.Bytes));
                _process.Api.Receive(theirs, MpiStartRecord.Bytes, peer, StartTag, Handle, _requests.HandleOf(receive));
                _process.Api.Send(mine, MpiStartRecord.Bytes, peer, StartTag, Handle, _requests.HandleOf(_requests.Add(this)));
            }
        }
    }

    private bool Finish()
    {
        (int me, int size) = _process.Place;
        int first = me == 0 ? size - 1 : 0;
        for (int i = 0; i < size; i++)
        {
            int other = i == 0 ? first : i; // the same pair on most ranks
            if (MpiStartRecord.Difference(Record(Math.Min(me, other)), Math.Min(me, other), Record(Math.Max(me, other)), Math.Max(me, other)) is { } difference)
            {
                return Fail(FaultKind.ConfigurationMismatch, other, difference);
            }
        }

        string[] hosts = new string[size];
        for (int rank = 0; rank < size; rank++)
        {
            hosts[rank] = MpiStartRecord.Host(Record(rank));
        }

        int local = hosts.Count(h => h == hosts[me]);
        _process.HasCoresToSpare = Environment.ProcessorCount >= 2 * local;
        _process.LastOptions = _options;
        CommunicatorInfo info = new("mpi", _process.Version, hosts, [.. Enumerable.Range(0, size)], [MemoryPlace.Host]);
        World = new MpiWorld(_process, _options, Handle, info, me, _requests);
        NativeMemory.Free(_memory);
        return true;
    }

    private bool Fail(FaultKind kind, int suspected, string message)
    {
        (int rank, int size) = _process.Place;
        string text = $"Rank {rank} of {size}: {char.ToLowerInvariant(message[0])}{message[1..]}";
        CommunicatorFault fault = new(kind, rank, suspected, 0, new CommTag(0, 0, CommPhase.Control, 0), text);
        if (_options.OnFault == FaultAction.EndProcess)
        {
            MpiFailStop.Begin(null, $"longcontext: {char.ToLowerInvariant(text[0])}{text[1..]}", MpiFailStop.CodeOf(kind));
            if (_process.IsCommunicationThread)
            {
                return true;
            }

            MpiFailStop.AwaitEnd();
        }

        _done.TrySetException(new CommunicatorException(fault));
        return true;
    }
}
