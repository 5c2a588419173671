using System.Diagnostics;
using System.Globalization;
using System.Text;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>Faults: in words, to the other ranks, and to an end.</summary>
internal sealed partial class MpiWorld
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1); // for bytes already under way when a fault comes

    private long _faultSeen;
    private int _toldBy = Communicator.NoRank;
    private int _toldCode;
    private bool _told;
    private bool _isReported;
    private bool _isQuiet;
    private bool _cancelled;
    private readonly bool[] _hasTold; // ranks that know of the fault: they have told this one
    private bool _othersKnow;

    /// <summary>Every other rank that can hear has heard of the fault, and said so. Any thread.</summary>
    internal bool OthersKnow => Volatile.Read(ref _othersKnow);

    /// <summary>The fault's line has been written: the other ranks may be told. Any thread.</summary>
    internal void SetReported()
    {
        Volatile.Write(ref _isReported, true);
        Process.Wake();
    }

    /// <summary>The line that this rank leaves behind when a fault ends it.</summary>
    internal string Report(CommunicatorFault fault)
    {
        string who = _toldBy == Communicator.NoRank ? "" : $"{Root.Info.Describe(Root.Rank)} of {Root.Size}, told by {Root.Info.Describe(_toldBy)}: ";
        return $"longcontext: {who}{char.ToLowerInvariant(fault.Message[0])}{fault.Message[1..]}";
    }

    /// <summary>Waits until no transfer touches this rank's memory any more, or those that do were given up. Any thread but the communication's.</summary>
    internal void AwaitQuiet()
    {
        if (Options.OnFault == FaultAction.EndProcess && Latch.Fault is not null)
        {
            MpiFailStop.AwaitEnd();
        }

        for (long start = Stopwatch.GetTimestamp(); !Volatile.Read(ref _isQuiet) && Stopwatch.GetElapsedTime(start) < Grace * 3;)
        {
            Thread.Sleep(1);
        }
    }

    /// <summary>The fault that another rank has not come in time. Any thread.</summary>
    internal void FailLate(MpiOperation operation, int suspect)
    {
        string silent = suspect == Communicator.NoRank
            ? ""
            : _post.Heard(suspect) is > 0 and long heard
                ? $"; last heard of {Seconds(Stopwatch.GetElapsedTime(heard))} s ago{Probed(suspect)}"
                : "; never heard of since the start";
        Fail(
            FaultKind.DeadlineExceeded, operation, suspect == Communicator.NoRank ? suspect : operation.Group.RankOf(suspect),
            $"no answer from {Name(operation.Group, suspect)} within {Seconds(Options.OperationDeadline)} s in operation {operation.Sequence}, " +
            $"{operation.Describe()}{silent}. The time is set by {nameof(CommunicatorOptions.OperationDeadline)}.");

        // A rank of the world for which a rank of the group waits has no number in the group.
        string Name(MpiGroup group, int worldRank) => worldRank == Communicator.NoRank
            ? "MPI"
            : group.RankOf(worldRank) is >= 0 and int rank ? group.Info.Describe(rank) : $"{Root.Info.Describe(worldRank)} of all";
    }

    /// <summary>A line for whoever watches: this rank waits long for another. Any thread.</summary>
    internal void WarnLate(MpiOperation operation)
    {
        string who = string.Join(", ", operation.AllMissing().Take(4).Select(operation.Group.Info.Describe));
        NativeProcess.WriteErrorLine(
            $"longcontext: {Root.Info.Describe(Root.Rank)} of {Root.Size} has waited {Seconds(Options.SlowRankWarning)} s for " +
            $"{who} in operation {operation.Sequence}, {operation.Describe()}");
    }

    /// <summary>What this rank waits for, for the line that it leaves when something from outside ends it; null if for nothing. Any thread.</summary>
    internal string? DescribeWait() => Waited() is { } operation
        ? $"waiting for {string.Join(", ", operation.AllMissing().Take(4).Select(operation.Group.Info.Describe))} " +
          $"in operation {operation.Sequence}, {operation.Describe()}"
        : null;

    /// <summary>Whether this rank waits for the same operation all the <paramref name="time"/>. Any thread but the rank's.</summary>
    internal bool StandsStill(TimeSpan time)
    {
        ulong? before = Waited()?.Sequence;
        Thread.Sleep(time);
        return before is not null && Waited()?.Sequence == before;
    }

    /// <summary>This process ends and has not left the world.</summary>
    internal void FailNotClosed(string how)
    {
        CommTag none = new(0, 0, CommPhase.Control, 0);
        Latch.TrySet(new CommunicatorFault(
            FaultKind.RankEnded, Root.Rank, Root.Rank, 0, none, Capital($"{Root.Info.Describe(Root.Rank)} of {Root.Size}: {how}.")));
    }

    /// <summary>The process that started this rank is gone, and with it all that watched over the job.</summary>
    internal void FailLauncherEnded()
    {
        CommTag none = new(0, 0, CommPhase.Control, 0);
        string doing = DescribeWait() is { } wait ? $", {wait}" : "";
        Latch.TrySet(new CommunicatorFault(
            FaultKind.RankEnded, Root.Rank, Communicator.NoRank, 0, none,
            Capital($"{Root.Info.Describe(Root.Rank)} of {Root.Size}: the process that started this rank has ended{doing}.")));
    }

    internal void FailTruncated(MpiOperation operation, int peer, int received, int expected) => Fail(
        FaultKind.Truncated, operation, peer,
        $"a message of {received} bytes came from {Name(operation.Group, peer)} where {expected} were due, in operation {operation.Sequence}, {operation.Describe()}.");

    private void FailEnded(MpiOperation operation, int peer) => Fail(
        FaultKind.RankEnded, operation, peer,
        $"{Name(operation.Group, peer)} has ended, and is waited for in operation {operation.Sequence}, {operation.Describe()}.");

    private void FailLeft(MpiOperation operation) => Fail(
        FaultKind.RankEnded, operation, operation.Group.Rank,
        $"this rank has ended inside operation {operation.Sequence}, {operation.Describe()}: it never completed.");

    private void FailDiverged(MpiOperation operation, int peer, string its)
    {
        ControlHeader header = new() { Sequence = operation.Sequence, Head = operation.Head };
        FailDiverged(operation.Group, header, peer, its, operation.Describe());
    }

    private void FailDiverged(MpiGroup group, in ControlHeader header, int peer, string its, string mine) => Latch.TrySet(new CommunicatorFault(
        FaultKind.Diverged, group.Rank, peer, header.Sequence, header.Head.Tag,
        $"Ranks diverged at operation {header.Sequence}: {Name(group, peer)} started {its}, but {Name(group, group.Rank)} started {mine}."));

    private void FailTransport(MpiErrorException error)
    {
        CommTag none = new(0, 0, CommPhase.Control, 0);
        Latch.TrySet(new CommunicatorFault(
            error.Truncated ? FaultKind.Truncated : FaultKind.TransportError, Root.Rank, Communicator.NoRank, 0, none,
            Capital($"{Root.Info.Describe(Root.Rank)} of {Root.Size}: MPI reports an error{(DescribeWait() is { } wait ? ", " + wait : "")}: {error.Message}")));
    }

    private void Fail(FaultKind kind, MpiOperation operation, int suspected, string message) => Latch.TrySet(new CommunicatorFault(
        kind, operation.Group.Rank, suspected, operation.Sequence, operation.Head.Tag,
        Capital($"{Name(operation.Group, operation.Group.Rank)} of {operation.Group.Size}: {message}")));

    /// <summary>Called once, on whichever thread found the fault.</summary>
    private void OnFirstFault(CommunicatorFault fault)
    {
        Volatile.Write(ref _faultSeen, Stopwatch.GetTimestamp());
        if (Options.OnFault == FaultAction.EndProcess)
        {
            MpiFailStop.Begin(this, Report(fault), _toldCode == 0 ? MpiFailStop.CodeOf(fault.Kind) : _toldCode);
            if (!Process.IsCommunicationThread)
            {
                MpiFailStop.AwaitEnd(); // the caller must not run into the end of the process with an exception of its own
            }
        }
        else
        {
            Volatile.Write(ref _isReported, true);
        }

        PulseWaiters();
        Process.Wake();
    }

    /// <summary>Tells the others once, lets bytes under way arrive for a while, and then gives up.</summary>
    private void AfterFault()
    {
        if (Latch.Fault is { } fault && Volatile.Read(ref _isReported))
        {
            AfterFault(fault);
        }
    }

    private void AfterFault(CommunicatorFault fault)
    {
        if (!_told)
        {
            _told = true;
            if (!_saidGoodbye)
            {
                Tell(fault);
            }
        }

        if (!_othersKnow && Peers.All(p => _hasTold[p] || Root.HasEnded(p) || IsSuspected(p, fault)))
        {
            Volatile.Write(ref _othersKnow, true);
        }

        if (!_isQuiet && _transfers.Count == 0)
        {
            Volatile.Write(ref _isQuiet, true);
        }

        if (!_cancelled && Stopwatch.GetElapsedTime(Volatile.Read(ref _faultSeen)) > Grace)
        {
            _cancelled = true;
            foreach (MpiTransfer transfer in _transfers.ToArray())
            {
                transfer.Cancel();
            }
        }
    }

    private bool IsSuspected(int peer, CommunicatorFault fault) => fault.Kind != FaultKind.Diverged && fault.SuspectedRank == peer;

    private void Tell(CommunicatorFault fault)
    {
        byte[] text = Encoding.UTF8.GetBytes(fault.Message);
        foreach (int peer in Peers) // also those that have left: they listen until this rank leaves too
        {
            ControlBuffer buffer = _post.Take(peer);
            ref ControlHeader header = ref buffer.Header;
            (header.Kind, header.Sequence, header.FaultKind) = (ControlKind.Fault, fault.Sequence, (int)fault.Kind);
            (header.Head.From, header.Head.To, header.ExitCode) = (fault.Rank, fault.SuspectedRank, MpiFailStop.Code is 0 ? MpiFailStop.CodeOf(fault.Kind) : MpiFailStop.Code);
            (header.Head.Step, header.Head.Layer, header.Head.Phase, header.Head.Part) = (fault.Tag.Step, fault.Tag.Layer, fault.Tag.Phase, fault.Tag.Part);
            header.PayloadBytes = Math.Min(text.Length, ControlBuffer.MostPayload);
            text.AsSpan(0, header.PayloadBytes).CopyTo(buffer.Payload);
            _post.Send(buffer);
        }
    }

    private void DeliverFault(ControlBuffer buffer)
    {
        ref ControlHeader header = ref buffer.Header;
        if (Latch.Fault is null)
        {
            (_toldBy, _toldCode) = (buffer.Peer, header.ExitCode);
        }

        Latch.TrySet(new CommunicatorFault(
            (FaultKind)header.FaultKind, header.Head.From, header.Head.To, header.Sequence, header.Head.Tag, Encoding.UTF8.GetString(buffer.Payload)));
        _hasTold[buffer.Peer] = true;
    }

    private static string Name(MpiGroup group, int rank) => rank == Communicator.NoRank ? "nobody" : group.Info.Describe(rank);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
