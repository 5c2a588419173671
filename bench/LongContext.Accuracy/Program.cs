using System.Diagnostics;
using System.Globalization;
using LongContext;
using LongContext.Accuracy;
using LongContext.Accuracy.Ruler;
using LongContext.Tokenization;

try
{
    return Run(Settings.Parse(args));
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{e.Message}\n{Settings.Usage}");
    return 2;
}

static int Run(Settings settings)
{
    ITokenizer tokenizer = TokenizerLoader.Load(settings.Model, null);
    if (settings.Training is { } training)
    {
        int tokens = settings.Lengths.Length == 1 ? settings.Lengths[0] : 2_048;
        new NeedleWriter(tokenizer, settings.Seed).Write(
            training, File.ReadAllText(settings.Book!), settings.Contexts == int.MaxValue ? 100 : settings.Contexts, tokens);
        return 0;
    }

    List<Result> results = [];
    Runner runner = new(settings);
    using InferenceSession? templates = settings.UsesTemplate ? runner.Open(MethodCase.Create("full", 1_024, settings)!, 1_024, 1) : null;
    Stopwatch watch = Stopwatch.StartNew();
    foreach (int length in settings.Lengths)
    {
        List<TestContext> contexts = Contexts(length);
        foreach (string name in contexts.Count > 0 ? settings.Methods : [])
        {
            if (MethodCase.Create(name, length, settings) is { } method)
            {
                Result result = runner.Run(method, length, contexts);
                results.Add(result);
                Console.Error.WriteLine(ResultTable.Line(result, ResultTable.Kinds([result])));
            }
        }
    }

    ResultTable.Write(results, Console.Out);
    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalMinutes:F1} minutes"));
    if (settings.Svg is { } file)
    {
        ResultChart.Write(results, file);
    }

    return 0;

    List<TestContext> Contexts(int length)
    {
        if (settings.Tasks.Length > 0)
        {
            Book book = new(File.ReadAllText(settings.Book!));
            RulerPrompts prompts = new(tokenizer, templates is null ? null : text => templates.RenderChat([ChatMessage.User(text)]).Context.Text!);
            return RulerContexts.Make(
                settings.Tasks.Select(t => RulerTasks.Create(t, book, prompts.Count, settings.Squad)), prompts, length, settings.Samples, settings.Seed, Console.Error.WriteLine);
        }

        string set = MovedBindings.Makes(settings.Set) ? MovedBindings.Source : settings.Set;
        List<TestContext> contexts = settings.Made > 0
            ? [.. new NeedleWriter(tokenizer, settings.Seed).Staged(File.ReadAllText(settings.Book!), settings.Made, length)]
            : [.. TestContext.Read(Path.Combine(settings.Sets!, string.Create(CultureInfo.InvariantCulture, $"{set}{length}.jsonl"))).Take(settings.Contexts)];
        return set == settings.Set ? contexts : contexts.ConvertAll(c => new MovedBindings(tokenizer).Move(c, settings.Set));
    }
}
