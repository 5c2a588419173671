using System.Runtime.CompilerServices;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>One rendering's budgets, its place in the template for errors, and its clock.</summary>
internal sealed class RenderContext(TimeProvider time, long maxSteps = TemplateLimits.Steps)
{
    private long _steps, _made, _searched;
    private int _depth;

    /// <summary>Line of what is being evaluated; 0 before the template begins.</summary>
    internal int Line { get; set; }

    /// <summary>The clock of <c>strftime_now</c>.</summary>
    internal DateTimeOffset Now => time.GetLocalNow();

    /// <summary>Counts steps.</summary>
    internal void Step(long count = 1)
    {
        if (count > maxSteps - _steps)
        {
            throw Fail($"The template takes more than {maxSteps} steps. It may loop for ever, or make far too much text.");
        }

        _steps += count;
    }

    /// <summary>Counts characters about to be made.</summary>
    internal void Make(long characters)
    {
        if (characters > TemplateLimits.TextLength)
        {
            throw Fail($"A text would get {characters} characters; the limit is {TemplateLimits.TextLength}.");
        }

        _made += characters;
        Step(_made / TemplateLimits.CharactersMadePerStep);
        _made %= TemplateLimits.CharactersMadePerStep;
    }

    /// <summary>Counts characters about to be searched, compared or hashed.</summary>
    internal void Search(long characters)
    {
        _searched += characters;
        Step(_searched / TemplateLimits.CharactersSearchedPerStep);
        _searched %= TemplateLimits.CharactersSearchedPerStep;
    }

    /// <summary>Counts characters about to be handled one by one: changed, classified, compared in a slow way.</summary>
    internal void Handle(long characters) => Step(characters / TemplateLimits.CharactersHandledPerStep);

    /// <summary>Enters a nested call.</summary>
    internal void Enter()
    {
        if (++_depth > TemplateLimits.Depth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fail($"Calls of macros are nested more than {TemplateLimits.Depth} deep, or more than the stack allows.");
        }
    }

    /// <summary>Leaves a nested call.</summary>
    internal void Leave() => _depth--;

    /// <summary>Levels of a list or dictionary around <paramref name="values"/>.</summary>
    internal int DepthAround(IEnumerable<object?> values)
    {
        int depth = 0;
        foreach (object? value in values)
        {
            depth = Math.Max(depth, value is TemplateList list ? list.Depth : value is TemplateDictionary dictionary ? dictionary.Depth : 0);
        }

        return depth < TemplateLimits.ValueDepth
            ? depth + 1
            : throw Fail($"Lists and dictionaries are nested more than {TemplateLimits.ValueDepth} deep.");
    }

    /// <summary>An error at the current line.</summary>
    internal ChatTemplateException Fail(string message, Exception? cause = null) => new(message, Line, cause);
}
