namespace LongContext.Communication.InProcess;

/// <summary>Which ranks of a group are still there. A rank is gone when it says so, when its thread has ended, or when it is gone from the parent.</summary>
/// <remarks>Written under the group's lock, read without it by groups split from this one.</remarks>
internal sealed class RankLife(int size, RankLife? parent, IReadOnlyList<int> members)
{
    /// <summary>A thread may hand its communicator to another and end; the other has this long to start something.</summary>
    private static readonly TimeSpan Handover = TimeSpan.FromSeconds(1);

    private readonly bool[] _ended = new bool[size];
    private readonly Thread?[] _threads = new Thread?[size];

    /// <summary>The calling thread stands for <paramref name="rank"/> from now on.</summary>
    internal void Seen(int rank) => Volatile.Write(ref _threads[rank], Thread.CurrentThread);

    /// <summary><paramref name="rank"/> says that it is done.</summary>
    internal void End(int rank) => Volatile.Write(ref _ended[rank], true);

    /// <summary>Whether <paramref name="rank"/> will never come, as far as one can tell who has waited for it for <paramref name="waited"/>.</summary>
    internal bool HasEnded(int rank, TimeSpan waited) =>
        Volatile.Read(ref _ended[rank])
        || (waited >= Handover && Volatile.Read(ref _threads[rank]) is { IsAlive: false })
        || (parent is not null && parent.HasEnded(members[rank], waited));
}
