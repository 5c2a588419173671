using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>Groups come and go; the world ends when all ranks have left it.</summary>
internal sealed partial class MpiWorld
{
    private bool _saidGoodbye;
    private bool _isClosed;

    /// <summary>This rank has left: it starts nothing more. Any thread.</summary>
    internal bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>All ranks have left, and nothing is in flight: its memory can go.</summary>
    internal bool IsOver => _saidGoodbye && Root.OthersHaveEnded && Requests.Active == 0;

    /// <summary>Adds a group of which this rank is a member. The rank's thread.</summary>
    internal void Open(MpiGroup group) => Submit(new Work(() =>
    {
        _groups[group.Id] = group;
        List<ControlBuffer> own = _homeless.FindAll(b => b.Header.Group == group.Id);
        _homeless.RemoveAll(b => b.Header.Group == group.Id);
        own.ForEach(Deliver);
    }));

    /// <summary>This rank leaves a group; tells the others. The rank's thread; returns once that is done.</summary>
    internal void Close(MpiGroup group)
    {
        TaskCompletionSource done = new();
        Submit(new Work(() =>
        {
            Leave(group);
            done.SetResult();
        }));
        _ = done.Task.Wait(Options.OperationDeadline);
        if (group == Root)
        {
            Volatile.Write(ref _isClosed, true);
        }

        if (Latch.Fault is not null)
        {
            AwaitQuiet();
        }
    }

    /// <summary>Frees what MPI and this process keep for it.</summary>
    internal void Free()
    {
        Api.Free(Handle);
        Requests.Free();
        Scratch.Free();
        _post.Free();
    }

    private void Leave(MpiGroup group)
    {
        if (group.Operations().FirstOrDefault(o => !o.IsDone) is { } unfinished)
        {
            FailLeft(unfinished);
        }

        group.IsClosed = true;
        AfterFault(); // the fault is told before the goodbye: nothing comes after that
        if (_saidGoodbye)
        {
            return;
        }

        foreach (int peer in Enumerable.Range(0, group.Size).Where(r => r != group.Rank))
        {
            ControlBuffer buffer = _post.Take(group.World[peer]);
            buffer.Header.Kind = ControlKind.Goodbye;
            buffer.Header.Group = group.Id;
            _post.Send(buffer);
        }

        _saidGoodbye = group == Root;
        Forget(group);
    }

    private bool DeliverGoodbye(ControlBuffer buffer)
    {
        if (!_groups.TryGetValue(buffer.Header.Group, out MpiGroup? group))
        {
            _homeless.Add(buffer);
            return true;
        }

        int peer = group.RankOf(buffer.Peer);
        group.End(peer);
        if (group == Root)
        {
            _post.ExpectNoMore(buffer.Peer);
        }

        foreach (MpiGroup one in _groups.Values.ToArray())
        {
            int member = one.RankOf(buffer.Peer);
            if (Latch.Fault is null && member >= 0 && one.HasEnded(member)
                && one.Operations().FirstOrDefault(o => !o.IsDone && o.IsStarted && o.Expects(member)) is { } needs)
            {
                FailEnded(needs, member);
            }
        }

        Forget(group);
        return false;
    }

    private void Forget(MpiGroup group)
    {
        if (group != Root && group.IsClosed && group.OthersHaveEnded)
        {
            group.Early.ForEach(_post.Recycle);
            group.Early.Clear();
            _groups.TryRemove(group.Id, out _);
        }
    }

    private sealed class Work(Action action) : IMpiWork
    {
        public void Execute() => action();
    }
}
