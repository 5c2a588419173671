namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A call's evaluated arguments. Once bound, all stand at their parameter's position.</summary>
internal sealed class Arguments(object?[] positional, (string Name, object? Value)[] named)
{
    private static readonly object Missing = new();

    /// <summary>No arguments.</summary>
    internal static Arguments None { get; } = new([], []);

    /// <summary>How many there are by position.</summary>
    internal int Count => positional.Length;

    /// <summary>Arguments by position.</summary>
    internal IReadOnlyList<object?> Positional => positional;

    /// <summary>Arguments by name.</summary>
    internal IReadOnlyList<(string Name, object? Value)> Named => named;

    /// <summary>The argument of a parameter; undefined if it was not given.</summary>
    internal object? this[int index] => Has(index) ? positional[index] : Undefined.Plain;

    /// <summary>Was the argument given?</summary>
    internal bool Has(int index) => index < positional.Length && positional[index] != Missing;

    /// <summary>The same without the first <paramref name="count"/> positional ones.</summary>
    internal Arguments Skip(int count) => new(positional[count..], named);

    /// <summary>Puts each argument at its parameter's position.</summary>
    internal Arguments Bind(RenderContext context, string function, string[] parameters)
    {
        if (positional.Length > parameters.Length)
        {
            throw context.Fail($"'{function}' takes at most {parameters.Length} arguments, but was given {positional.Length}.");
        }

        object?[] bound = new object?[parameters.Length];
        Array.Fill(bound, Missing);
        positional.CopyTo(bound, 0);
        foreach ((string name, object? value) in named)
        {
            int index = Array.IndexOf(parameters, name);
            if (index < 0 || bound[index] != Missing)
            {
                throw context.Fail($"'{function}' does not take an argument '{name}' here.");
            }

            bound[index] = value;
        }

        return new Arguments(bound, []);
    }

    /// <summary>The argument if it was given and is not none.</summary>
    internal object? OrNone(int index) => Has(index) ? positional[index] : null;

    /// <summary>A text, or <paramref name="missing"/> if the argument was not given.</summary>
    internal string Text(RenderContext context, int index, string missing) => Has(index) ? Text(context, index) : missing;

    /// <summary>A text.</summary>
    internal string Text(RenderContext context, int index) =>
        this[index] as string ?? throw context.Fail($"Argument {index + 1} must be a text, but is {TypeNames.Of(this[index])}.");

    /// <summary>An integer, or <paramref name="missing"/> if the argument was not given or is none.</summary>
    internal long Integer(RenderContext context, int index, long missing) => OrNone(index) is { } value
        ? Numbers.TryInteger(value, out long integer)
            ? integer
            : throw context.Fail($"Argument {index + 1} must be an integer, but is {TypeNames.Of(value)}.")
        : missing;

    /// <summary>The truth of an argument, or <paramref name="missing"/> if it was not given.</summary>
    internal bool Flag(int index, bool missing) => Has(index) ? Truth.Of(positional[index]) : missing;
}
