using LongContext.Attention;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Engine;
using LongContext.Engine.Ranks;
using LongContext.Loading;
using LongContext.Models;

namespace LongContext;

/// <summary>Makes the ranks of a session: all of them where they are threads of this process, else this process's one.</summary>
/// <param name="configuration">Checked.</param>
/// <param name="sizes">Of everything.</param>
/// <param name="files">The model.</param>
/// <param name="last">What the session disposes last.</param>
/// <param name="owned">What is to be disposed if the making fails.</param>
internal sealed class RankFactory(SessionConfiguration configuration, SessionSizes sizes, ModelFiles files, IDisposable last, OwnedParts owned)
{
    /// <summary>Rank 0's runner, with the other ranks' threads if they are of this process.</summary>
    internal (IModelRunner Runner, CausalLM Model, IBackend Backend) CreateRunner(IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<ICommunicator> ranks = configuration.Communicator is { } given ? [given] : InProcessCommunicator.Create(configuration.Ranks);
        foreach (ICommunicator rank in ranks)
        {
            owned.Add(rank);
        }

        if (configuration.Communicator is not null)
        {
            RankAgreement.Check(ranks[0], configuration, sizes, files);
        }

        (RankShare first, CausalLM model, IBackend backend) = CreateShare(ranks[0], ranks.Count, null, progress, cancellationToken);
        List<RankWorker> workers = [];
        foreach (ICommunicator rank in ranks.Skip(1))
        {
            workers.Add(new RankWorker(rank, CreateShare(rank, ranks.Count, model, null, cancellationToken).Share));
        }

        RankTeam? team = workers.Count > 0 ? new RankTeam(workers) : null;
        return (new RankedModelRunner(ranks[0], first, team, last), model, backend);
    }

    /// <summary>The one rank of this process, other than 0.</summary>
    internal static InferenceWorker CreateWorker(SessionConfiguration configuration, CancellationToken cancellationToken)
    {
        using OwnedParts owned = new();
        (ModelFiles files, SessionSizes sizes) = SessionFactory.Open(configuration, owned);
        IDisposable last = owned.Add(SessionTrace.Attach(ref configuration, files));
        ICommunicator communicator = owned.Add(configuration.Communicator!);
        RankAgreement.Check(communicator, configuration, sizes, files);
        RankFactory factory = new(configuration, sizes, files, last, owned);
        (RankShare share, CausalLM model, _) = factory.CreateShare(communicator, 1, null, null, cancellationToken);
        InferenceWorker worker = new(new RankWorker(communicator, share), last, model.Info, communicator.Rank);
        owned.HandOver();
        return worker;
    }

    /// <summary>One rank's share.</summary>
    /// <param name="communicator">The rank's.</param>
    /// <param name="here">Ranks of this process, which share its cores.</param>
    /// <param name="loaded">The model of another rank of this process, if there is one.</param>
    /// <param name="progress">Told of loaded bytes.</param>
    /// <param name="cancellationToken">Stops the loading.</param>
    private (RankShare Share, CausalLM Model, IBackend Backend) CreateShare(
        ICommunicator communicator, int here, CausalLM? loaded, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        IBackend backend = owned.Add(configuration.CreateBackend?.Invoke() ?? Cpu(communicator.Rank, here));
        KVCacheShape shape = sizes.KVCache(sizes.ContextLength, communicator.Rank);
        IAttentionMethod method = Method(communicator, backend, shape);
        if (method is IDisposable disposable)
        {
            owned.Add(disposable);
        }

        (int rows, int outputs) = (sizes.RankRows, sizes.Limits.MaxOutputs);
        CausalLM model = owned.Add(loaded is not null && configuration.CreateBackend is null
            ? loaded.Share(backend, method, sizes.ContextLength, rows, outputs)
            : CausalLM.Load(files, backend, method, sizes.ContextLength, rows, outputs, progress, cancellationToken));
        model.AllRowsOfTheLastLayer = configuration.AllRowsOfTheLastLayer;
        KVCacheStorage cache = owned.Add(SessionFactory.Allocate(backend, shape));
        if (configuration.WarmUp == WarmUp.AtBuild && loaded is null)
        {
            model.WarmUp(cache, TimeProvider.System, SessionFactory.WarmUpLimit); // what attention does over ranks is not in it
        }

        return (new RankShare(communicator, model, method, backend, cache), model, backend);
    }

    private IAttentionMethod Method(ICommunicator communicator, IBackend backend, KVCacheShape cache)
    {
        StepTimeline? timeline = configuration.Timeline?.Invoke(communicator.Rank);
        return AttentionMethods.IsApproximate(configuration.Attention)
            ? AttentionMethods.CreateApproximateOverRanks(
                configuration.Attention, sizes.Approximation, communicator, sizes.AttentionModel, backend, cache, configuration.Decode, timeline)
            : AttentionMethods.CreateOverRanks(configuration.Attention, communicator, sizes.AttentionModel, configuration.Decode, timeline);
    }

    private CpuBackend Cpu(int rank, int here)
    {
        int threads = configuration.Threads == 0 ? Environment.ProcessorCount : configuration.Threads;
        long share = here == 1 ? threads : EvenParts.Of(threads, rank, here).Count;
        return new CpuBackend((int)Math.Max(share, 1), configuration.Precision);
    }
}
