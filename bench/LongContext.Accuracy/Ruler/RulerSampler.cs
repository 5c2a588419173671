namespace LongContext.Accuracy.Ruler;

/// <summary>Samples of a task that fill a length in tokens, prompt and answer together, as far as whole steps allow.</summary>
internal sealed class RulerSampler(RulerTask task, RulerPrompts prompts, int length, int seed)
{
    private int _size; // found for the first sample, then kept; a sample that is still too long shrinks

    /// <summary>Sample <paramref name="index"/>; the same seed and index give the same one. Null: not even the smallest fits.</summary>
    internal (RulerSample Sample, int[] Context, int[] Query)? Next(int index)
    {
        if (_size == 0)
        {
            _size = task.MaxSize < task.Step ? -1 : FindSize();
        }

        for (int size = _size; size >= task.Step; size -= task.Step)
        {
            RulerSample sample = task.Make(size, length, RandomOf(index));
            (int[] context, int[] query) = prompts.Encode(sample);
            if (context.Length + query.Length + task.TokensToGenerate <= length)
            {
                return (sample, context, query);
            }
        }

        return null;
    }

    /// <summary>The largest whole number of steps that fits, by doubling and halving.</summary>
    private int FindSize()
    {
        int steps = 1;
        int most = task.MaxSize / task.Step;
        while (steps < most && Fits(Math.Min(2 * steps, most)))
        {
            steps = Math.Min(2 * steps, most);
        }

        int above = Math.Min(2 * steps, most + 1);
        while (above - steps > 1)
        {
            int middle = (steps + above) / 2;
            (steps, above) = Fits(middle) ? (middle, above) : (steps, middle);
        }

        return steps * task.Step;
    }

    private bool Fits(int steps)
    {
        (int[] context, int[] query) = prompts.Encode(task.Make(steps * task.Step, length, RandomOf(0)));
        return context.Length + query.Length + task.TokensToGenerate <= length;
    }

    private Random RandomOf(int index) => new(unchecked((seed * 1_000_003) + index));
}
