// How far is approximate attention from full attention on a prompt, and which keys did it keep? The answer takes three links over the whole text.
using LongContext;

string prose = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "prose.txt"));
string text = $"{prose}[SET][K1][V2] {prose}[LET][K3][K1] {prose}[LET][K5][K3] {prose}";
Prompt prompt = new(context: text, query: "[GET][K5]");

ApproximateAttentionOptions options = new() { Hosts = 8, AnchorLength = 64, MinimumLength = 0 };
await using InferenceSession exact = await Open(AttentionMethod.Full, options);
Console.WriteLine($"{exact.CountTokens(prompt):N0} tokens          nats from full   same answer   keys kept: reading, answering");
await Compare("full", AttentionMethod.Full, options);
await Compare("Star", AttentionMethod.Star, options);
foreach (CompressorKind compressor in (CompressorKind[])[CompressorKind.QueryAware, CompressorKind.Distinct])
{
    foreach (int passing in (int[])[64, 256, 1_024])
    {
        await Compare($"APB, {compressor}, {passing}", AttentionMethod.Apb, options with { PassingLength = passing, Compressor = compressor });
    }
}

async Task Compare(string name, AttentionMethod method, ApproximateAttentionOptions how)
{
    await using InferenceSession other = await Open(method, how);
    AttentionComparison c = await exact.CompareAttentionAsync(other, prompt, continuationTokens: 1);
    Console.WriteLine($"{name,-22} {c.MeanDivergence,12:F4} {c.Top1Agreement,13:P0} {c.ReadingRecall,19:P0} {c.AnsweringRecall,10:P0}");
}

static Task<InferenceSession> Open(AttentionMethod method, ApproximateAttentionOptions options) => InferenceSession.CreateBuilder()
    .UseModel(Path.Combine(AppContext.BaseDirectory, "model"))
    .UseContextLength(16_384)
    .UseAttention(method, options)
    .BuildAsync();
