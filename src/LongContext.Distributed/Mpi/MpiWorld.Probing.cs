using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>Who is to blame when ranks wait for each other: half-way to a deadline each rank is asked whether it waits too, and for whom.</summary>
/// <remarks>The communication thread answers, so a rank that computes answers as well; one that is stopped, dead or cut off does not.</remarks>
internal sealed partial class MpiWorld
{
    private const int NotAsked = -3, NoAnswer = -2, WaitsForNobody = -1;

    private readonly int[] _answers;

    /// <summary>Asks all ranks; the answers are for <see cref="Suspect"/>. Any thread.</summary>
    internal void AskAll() => Submit(new Work(() =>
    {
        foreach (int peer in Peers.Where(p => !Root.HasEnded(p) && !_saidGoodbye))
        {
            Volatile.Write(ref _answers[peer], NoAnswer);
            SendProbe(peer, ControlKind.Ask, WaitsForNobody);
        }
    }));

    /// <summary>The rank of the world for which, directly or through others, an operation waits. Any thread.</summary>
    internal int Suspect(MpiOperation operation)
    {
        List<int> late = [.. operation.AllMissing().Select(r => operation.Group.World[r])];
        if (late.Count == 0)
        {
            return Communicator.NoRank;
        }

        int silent = late.FindIndex(r => Volatile.Read(ref _answers[r]) == NoAnswer);
        int suspect = late[Math.Max(silent, 0)];
        HashSet<int> seen = [Root.Rank];
        while (seen.Add(suspect) && Volatile.Read(ref _answers[suspect]) is >= 0 and int next && !seen.Contains(next))
        {
            suspect = next;
        }

        return suspect;
    }

    /// <summary>What the probe of a rank found, to be added to a message.</summary>
    private string Probed(int worldRank) => Volatile.Read(ref _answers[worldRank]) switch
    {
        NotAsked => "",
        NoAnswer => ", and it does not answer when asked",
        WaitsForNobody => ", but it answers when asked, and waits for nobody",
        int other => $", but it answers when asked, and waits for {Root.Info.Describe(other)}",
    };

    private void DeliverAsk(ControlBuffer buffer)
    {
        if (!_saidGoodbye)
        {
            int missing = Waited() is { } operation && operation.AllMissing().FirstOrDefault(WaitsForNobody) is >= 0 and int first
                ? operation.Group.World[first]
                : WaitsForNobody;
            SendProbe(buffer.Peer, ControlKind.Answer, missing);
        }
    }

    private void DeliverAnswer(ControlBuffer buffer) => Volatile.Write(ref _answers[buffer.Peer], buffer.Header.Head.To);

    private void SendProbe(int peer, ControlKind kind, int waitsFor)
    {
        ControlBuffer buffer = _post.Take(peer);
        buffer.Header.Kind = kind;
        buffer.Header.Head.To = waitsFor;
        _post.Send(buffer);
    }

    /// <summary>The operation that the rank's thread waits for, if it waits.</summary>
    private MpiOperation? Waited() => _groups.Values.SelectMany(g => g.Operations()).FirstOrDefault(o => !o.IsDone && o.FirstWait != 0);
}
