using System.Collections.Concurrent;

namespace LongContext.Accuracy;

/// <summary>Asks one method all questions, in several sessions side by side where that is wanted.</summary>
/// <remarks>Full attention reads a context once and answers all its questions from the cache; other methods read it for every question, which is part of their reading.</remarks>
internal sealed class Runner(Settings settings)
{
    /// <summary>Runs a method at a length.</summary>
    internal Result Run(MethodCase method, int length, IReadOnlyList<TestContext> contexts)
    {
        Result result = new(method, length);
        ConcurrentQueue<TestContext> work = new(contexts.Select(c => c with { Questions = [.. c.First(settings.Queries)] }).SelectMany(Units));
        int sessions = method.Ranks > 1 ? 1 : Math.Clamp(settings.Parallel, 1, Math.Max(1, work.Count));
        int threads = settings.Threads == 0 ? Environment.ProcessorCount : settings.Threads;
        int longest = contexts.Max(c => c.Longest);
        Exception? failure = null;
        Thread[] workers = [.. Enumerable.Range(0, sessions).Select(_ => new Thread(() => failure ??= Try(() => Work(threads / sessions))))];
        Array.ForEach(workers, w => w.Start());
        Array.ForEach(workers, w => w.Join());
        return failure is null ? result : new Result(method, length) { Problem = failure.Message };

        IEnumerable<TestContext> Units(TestContext context) =>
            method.Method == AttentionMethod.Full ? [context] : context.Questions.Select(q => context with { Questions = [q] });

        void Work(int share)
        {
            using InferenceSession session = Open(method, longest, Math.Max(1, share));
            while (failure is null && work.TryDequeue(out TestContext? context))
            {
                foreach (Question question in context.Questions)
                {
                    Prompt prompt = new(PromptPart.FromTokens(context.Ids), PromptPart.FromTokens(question.Ids));
                    GenerationResult answer = session.GenerateAsync(prompt, question.Options).GetAwaiter().GetResult();
                    result.Add(question.Kind, question.Score(answer), answer.Usage);
                }
            }
        }
    }

    /// <summary>A session of the settings' model with a method.</summary>
    internal InferenceSession Open(MethodCase method, int contextLength, int threads)
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
            .UseModel(settings.Model)
            .UseCpu(threads)
            .UseContextLength(contextLength)
            .UseMaxConcurrentRequests(1)
            .UseAttention(method.Method, method.Options);
        return (method.Ranks > 1 ? builder.UseHosts(method.Ranks) : builder.UseKVCacheTokens(contextLength + 1_024L)).Build();
    }

    private static Exception? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
