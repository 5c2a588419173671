using LongContext.Communication;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>Some ranks over one kind of communicator, for one test: threads here, or processes that a launcher started.</summary>
internal abstract class CommunicatorCluster
{
    /// <summary>The most ranks it can run.</summary>
    internal abstract int MaxSize { get; }

    /// <summary>Runs <paramref name="body"/> on each of <paramref name="size"/> ranks and disposes their communicators as each ends.</summary>
    /// <returns>[size]: what each rank threw.</returns>
    internal abstract IReadOnlyList<Exception?> Run(int size, CommunicatorOptions options, Action<ICommunicator> body);
}
