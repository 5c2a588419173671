namespace LongContext.Accuracy.Ruler;

/// <summary>A value is given to a variable, this to the next one, and so on: which variables have it?</summary>
/// <param name="countTokens">For the worked example, which has a budget of its own.</param>
internal sealed class VariableTrackingTask(Func<string, int> countTokens) : RulerTask
{
    private const int Hops = 4, ExampleTokens = 500;
    private int? _exampleLines;

    internal override string Name => "vt";

    internal override int TokensToGenerate => 30;

    internal override int Step => Hops + 1;

    internal override RulerSample Make(int size, int length, Random random)
    {
        _exampleLines ??= ExampleLines();
        RulerSample example = One(_exampleLines.Value, 3, random);
        RulerSample sample = One(size, 5, random);
        return sample with { Context = $"{example.Context}{example.Question}{example.AnswerPrefix} {string.Join(' ', example.Answers)}\n\n{sample.Context}" };
    }

    private int ExampleLines()
    {
        int lines = Hops + 1;
        while (countTokens(One(lines + 1, 3, new Random(0)).Context) <= ExampleTokens)
        {
            lines++;
        }

        return lines;
    }

    private static RulerSample One(int lines, int letters, Random random)
    {
        string[] names = Drawing.Names(random, Hops + 1, letters, 'A');
        string value = $"{random.Next(10_000, 99_999)}";
        string[] chain = [.. names.Select((name, i) => i == 0 ? $"VAR {name} = {value}" : $"VAR {name} = VAR {names[i - 1]} ")];
        return new RulerSample(
            $"Follow the chains of variable assignments that are hidden in the following text.\n{NoiseLine.Around(chain, lines, random)}\n",
            $"Which are all the variables that are assigned the value {value} in the text above?",
            $" By the chains of assignments in the text, {names.Length} variables are assigned the value {value}; they are:", names);
    }
}
