// Hides twenty facts in a text of more than 16,000 tokens, lets a small model read it once, and asks for each fact.
using System.Diagnostics;
using LongContext;
using LongContext.Samples.Quickstart;

string folder = AppContext.BaseDirectory;
FactHaystack haystack = FactHaystack.Create(File.ReadAllText(Path.Combine(folder, "prose.txt")), characters: 42_000, seed: 1);

await using InferenceSession session = await InferenceSession.CreateBuilder()
    .UseModel(Path.Combine(folder, "model"))
    .UseContextLength(20_480)
    .BuildAsync();

ModelInfo model = session.Model;
Console.WriteLine($"Model: {model.Architecture}, {model.ParameterCount:N0} weights, {model.Layers} layers.");
Console.WriteLine($"Text:  {haystack.Text.Length:N0} characters, {session.CountTokens(haystack.Text):N0} tokens, {haystack.Facts.Count} hidden facts.");
Console.WriteLine();

GenerationOptions oneToken = new() { MaxNewTokens = 1, PrefillProgress = new ReadingProgress() };
int right = 0;
TokenUsage? firstRead = null;
foreach (Fact fact in haystack.Facts)
{
    string answer = "";
    TokenUsage? usage = null;

    // The text is the prompt's context, the question its query. The first question reads the text; for the others it is already in the KV cache.
    await foreach (GenerationUpdate update in session.StreamAsync(new Prompt(haystack.Text, fact.Question), oneToken))
    {
        answer += update.Text;
        usage = update.Usage ?? usage;
    }

    firstRead ??= usage;
    right += answer == fact.Answer ? 1 : 0;
    Console.WriteLine(
        $"{fact.Question,-13} -> {answer,-7} {(answer == fact.Answer ? "right" : $"wrong, it is {fact.Answer}"),-6} " +
        $"({fact.Links} {(fact.Links == 1 ? "statement" : "statements")}; {usage!.TimeToFirstToken.TotalMilliseconds:N0} ms)");
}

// An answer is one token long; to measure decoding, the model goes on for a while after the last question.
GenerationOptions manyTokens = new() { MaxNewTokens = 64, EndOfSequence = EndOfSequenceHandling.Ignore };
TokenUsage decoding = (await session.GenerateAsync(new Prompt(haystack.Text, haystack.Facts[^1].Question), manyTokens)).Usage;

int read = firstRead!.PromptTokens - firstRead.CachedTokens;
double decodeSeconds = (decoding.TotalTime - decoding.TimeToFirstToken).TotalSeconds;
Console.WriteLine();
Console.WriteLine($"Right answers:       {right} of {haystack.Facts.Count}");
Console.WriteLine($"Time to first token: {firstRead.TimeToFirstToken.TotalSeconds:F2} s for {read:N0} tokens");
Console.WriteLine($"Prefill:             {read / firstRead.TimeToFirstToken.TotalSeconds:N0} tokens/s");
Console.WriteLine($"Decode:              {(decoding.NewTokens - 1) / decodeSeconds:N0} tokens/s");
Console.WriteLine($"Peak memory:         {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:N0} MB");

return right >= 0.95 * haystack.Facts.Count ? 0 : 1;
