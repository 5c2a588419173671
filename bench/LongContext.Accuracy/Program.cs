using System.Globalization;
using LongContext;
using LongContext.Accuracy;
using LongContext.Tokenization;

Settings settings;
try
{
    settings = Settings.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{e.Message}\n{Settings.Usage}");
    return 2;
}

if (settings.Training is { } training)
{
    int tokens = settings.Lengths.Length == 1 ? settings.Lengths[0] : 2_048;
    new NeedleWriter(TokenizerLoader.Load(settings.Model, null), settings.Seed).Write(
        training, File.ReadAllText(settings.Book!), settings.Contexts == int.MaxValue ? 100 : settings.Contexts, tokens);
    return 0;
}

List<Result> results = [];
foreach (int length in settings.Lengths)
{
    string path = Path.Combine(settings.Sets, string.Create(CultureInfo.InvariantCulture, $"{settings.Set}{length}.jsonl"));
    TestContext[] contexts = [.. TestContext.Read(path).Take(settings.Contexts)];
    foreach (string name in settings.Methods)
    {
        if (MethodCase.Create(name, length, settings) is { } method)
        {
            Result result = await Run(method, length, contexts);
            results.Add(result);
            Console.Error.WriteLine(ResultTable.Line(result, ResultTable.Kinds([result])));
        }
    }
}

ResultTable.Write(results, Console.Out);
if (settings.Svg is { } file)
{
    ResultChart.Write(results, file);
}

return 0;

async Task<Result> Run(MethodCase method, int length, TestContext[] contexts)
{
    Result result = new(method, length);
    int longest = contexts.Max(c => c.Ids.Length + c.Questions.Max(q => q.Ids.Length + q.Answer.Length));
    InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
        .UseModel(settings.Model)
        .UseCpu(settings.Threads)
        .UseContextLength(longest)
        .UseKVCacheTokens(length * 2L)
        .UseMaxConcurrentRequests(1)
        .UseAttention(method.Method, method.Options);
    await using InferenceSession session = builder.Build();
    foreach (TestContext context in contexts)
    {
        foreach (Question question in context.First(settings.Queries))
        {
            GenerationOptions options = new() { MaxNewTokens = question.Answer.Length, EndOfSequence = EndOfSequenceHandling.Ignore };
            Prompt prompt = new(PromptPart.FromTokens(context.Ids), PromptPart.FromTokens(question.Ids));
            GenerationResult answer = await session.GenerateAsync(prompt, options);
            result.Add(question.Kind, answer.TokenIds.SequenceEqual(question.Answer), answer.Usage.TimeToFirstToken);
        }
    }

    return result;
}
