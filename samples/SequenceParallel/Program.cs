// One long prompt, read by four ranks together. Ranks are threads of this process, or processes: mpirun -n 4 dotnet SequenceParallel.dll
using LongContext;
using LongContext.Communication;
using LongContext.Distributed.Mpi;

IReadOnlyList<ICommunicator> ranks =
    MpiEnvironment.Detect().Launcher == MpiLauncher.None ? InProcessCommunicator.Create(4) : [MpiCommunicator.Create()];

// Every rank but 0 works until rank 0's session is disposed.
Thread[] workers = [.. ranks.Where(r => r.Rank > 0).Select(r => new Thread(() =>
{
    using InferenceWorker worker = Configure(r).BuildWorker();
    worker.Run();
}))];
Array.ForEach(workers, w => w.Start());

if (ranks[0].Rank == 0)
{
    await using InferenceSession session = await Configure(ranks[0]).BuildAsync();
    string prose = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "prose.txt"));
    Prompt prompt = new(context: $"[SET][K1][V2] {string.Concat(Enumerable.Repeat(prose, 8))}", query: "[GET][K1]");
    GenerationResult result = await session.GenerateAsync(prompt, new GenerationOptions { MaxNewTokens = 1 });
    long moved = Enum.GetValues<CommPhase>().Sum(phase => ranks[0].Traffic(phase).BytesSent);

    Console.WriteLine($"{ranks[0].Size} ranks, {ranks[0].Info.Transport}: the answer is {result.Text} (the fact stands at the beginning: [V2])");
    Console.WriteLine($"{result.Usage.PromptTokens:N0} tokens, the first new one after {result.Usage.TimeToFirstToken.TotalSeconds:F2} s");
    Console.WriteLine($"{moved:N0} bytes sent by rank 0");
}

Array.ForEach(workers, w => w.Join());

InferenceSessionBuilder Configure(ICommunicator rank) => InferenceSession.CreateBuilder()
    .UseModel(Path.Combine(AppContext.BaseDirectory, "model"))
    .UseContextLength(24_576)
    .UseAttention(AttentionMethod.RingZigzag)
    .UseCpu(threads: Math.Max(1, Environment.ProcessorCount / rank.Size))
    .UseCommunicator(rank);
