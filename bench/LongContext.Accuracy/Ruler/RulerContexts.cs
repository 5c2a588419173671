namespace LongContext.Accuracy.Ruler;

/// <summary>RULER's tasks as contexts to ask one question each of.</summary>
internal static class RulerContexts
{
    /// <summary>So many samples of each task; fewer kinds where a task does not fit the length, which is told.</summary>
    internal static List<TestContext> Make(IEnumerable<RulerTask> tasks, RulerPrompts prompts, int length, int samples, int seed, Action<string> tell)
    {
        List<TestContext> contexts = [];
        foreach (RulerTask task in tasks)
        {
            RulerSampler sampler = new(task, prompts, length, seed);
            for (int i = 0; i < samples; i++)
            {
                if (sampler.Next(i) is not { } next)
                {
                    tell($"{task.Name}: not even the smallest sample fits {length} tokens.");
                    break;
                }

                Question question = new(
                    task.Name, next.Query, new GenerationOptions { MaxNewTokens = task.TokensToGenerate },
                    result => task.Score(result.Text, next.Sample.Answers));
                contexts.Add(new TestContext(next.Context, [question]));
            }
        }

        return contexts;
    }
}
