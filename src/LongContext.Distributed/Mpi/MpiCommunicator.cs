using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>Ranks that are processes, on one host or many, over an installed MPI: Open MPI 4 or 5, or one of the MPICH family.</summary>
/// <remarks>
/// Started by <c>mpirun</c>, <c>mpiexec</c> or <c>srun</c>. One thread of its own calls MPI and never waits inside it, so every wait has
/// its deadline; it needs a share of a core. At a fault the process ends with one line on standard error, exit code 75 for a fault in
/// communication, 78 for ranks that do not fit together, 70 for a process that ended without disposing its communicator: see
/// <see cref="CommunicatorOptions.OnFault"/>. MPI sends in clear and trusts every rank: use it on networks that you trust.
/// With <see cref="FaultAction.ThrowOnly"/>, what another rank's sudden death has left under way may still be read from this rank's memory.
/// </remarks>
public sealed class MpiCommunicator : Communicator
{
    private readonly MpiWorld _world;
    private readonly MpiGroup _group;

    private MpiCommunicator(MpiWorld world)
        : base(world.Root.Rank, world.Root.Info, world.Options, world.Latch)
    {
        (_world, _group) = (world, world.Root);
    }

    private MpiCommunicator(MpiCommunicator parent, MpiGroup group)
        : base(parent, group.Rank, group.Info)
    {
        (_world, _group) = (parent._world, group);
    }

    /// <summary>Whether MPI can be used here: a library can be loaded. Never throws.</summary>
    public static bool IsAvailable => IsSupported && MpiLibrary.IsAvailable;

    private static bool IsSupported => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Makes this process's end of the world that its launcher started; every rank calls, and waits for the others.</summary>
    /// <param name="options">Deadlines and the library; <see langword="null"/>: the defaults.</param>
    /// <returns>The world. A process has one at a time; MPI ends with the process.</returns>
    /// <exception cref="ConfigurationException">No library can be loaded, it does not fit its launcher, or the options make no sense.</exception>
    /// <exception cref="CommunicatorException">The ranks do not fit together, or not all came in time; with <see cref="FaultAction.ThrowOnly"/>.</exception>
    public static MpiCommunicator Create(MpiOptions? options = null)
    {
        options ??= MpiOptions.Default;
        options.Communicator.Validate();
        if (!IsSupported)
        {
            throw new ConfigurationException(["MPI is used on Linux and macOS only."]);
        }

        MpiLibrary library = (options.Library is { } name ? MpiLibrary.Find(v => v == MpiLibrary.NameVariable ? name : null) : MpiLibrary.Find())
            ?? throw new ConfigurationException(
                [$"No MPI library can be loaded{(options.Library is null ? "" : " as " + options.Library)}. Install Open MPI or MPICH, or set {MpiLibrary.NameVariable}."]);
        MpiEnvironment launcher = MpiEnvironment.Detect();
        MpiProcess process = MpiProcess.Start(library, options.Communicator);
        if (launcher.Launcher != MpiLauncher.None && launcher.Size != process.Place.Size)
        {
            process.Refuse(
                $"the launcher ({launcher.Launcher}) started {launcher.Size} ranks, but {process.Version} ({library.Name}) sees {process.Place.Size}: " +
                $"launcher and library are of different MPIs. Use the launcher of {library.Name}, or name its library in {MpiLibrary.NameVariable}.",
                MpiFailStop.ConfigurationMismatch, options.Communicator);
        }

        return new MpiCommunicator(process.Connect(new MpiStart(process, options.Communicator)));
    }

    /// <inheritdoc/>
    public override bool IsCompleted(ulong sequence) => MpiWorld.IsCompleted(_group.Operation(sequence), sequence);

    /// <inheritdoc/>
    public override bool Wait(ulong sequence, TimeSpan? limit) => _world.Wait(_group.Operation(sequence), sequence, limit);

    /// <inheritdoc/>
    protected override void Begin(in CommRequest request)
    {
        MpiOperation operation = _group.Operation(request.Sequence);
        _world.AwaitPlace(operation);
        _world.ThrowIfFaulted();
        operation.Arrive(request);
        _world.Submit(operation);
    }

    /// <inheritdoc/>
    protected override ICommunicator CreateGroup(CommunicatorInfo info, IReadOnlyList<int> members, ulong sequence)
    {
        int rank = members.ToList().IndexOf(Rank);
        MpiGroup group = new(_world, _group, MpiGroup.MakeId(_group.Id, sequence, info.WorldRanks[0]), info, rank);
        _world.Open(group);
        return new MpiCommunicator(this, group);
    }

    /// <inheritdoc/>
    protected override void Close() => _world.Close(_group);
}
