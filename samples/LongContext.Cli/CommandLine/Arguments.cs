using System.Globalization;

namespace LongContext.Cli.CommandLine;

/// <summary>A command line taken apart: positional arguments and options, the latter checked against what the command takes.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = [];
    private readonly List<string> _positional = [];
    private readonly Command _command;

    private Arguments(Command command) => _command = command;

    /// <summary>Takes <paramref name="words"/> apart; <c>--option value</c> and <c>--option=value</c> are the same, and <c>--</c> ends the options.</summary>
    internal static Arguments Parse(Command command, ReadOnlySpan<string> words)
    {
        Arguments arguments = new(command);
        bool onlyPositional = false;
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (onlyPositional || word.Length < 2 || word[0] != '-')
            {
                arguments._positional.Add(word);
            }
            else if (word == "--")
            {
                onlyPositional = true;
            }
            else
            {
                i += arguments.AddOption(word, words[(i + 1)..]);
            }
        }

        return arguments;
    }

    /// <summary>The only positional argument.</summary>
    internal string RequireModel(string what) => _positional switch
    {
        [{ Length: > 0 } one] => one,
        [""] => throw new UsageException($"'{_command.Name}' needs {what}; its path is empty."),
        [] => throw new UsageException($"'{_command.Name}' needs {what}. Usage: {_command.Name} {_command.Usage}"),
        _ => throw new UsageException($"'{_command.Name}' takes one {what}, found {_positional.Count}: {string.Join(", ", _positional)}."),
    };

    /// <summary>Refuses to go on unless exactly one of <paramref name="options"/> is given.</summary>
    internal Option RequireOneOf(params ReadOnlySpan<Option> options)
    {
        List<Option> given = [];
        List<string> names = [];
        foreach (Option option in options)
        {
            names.Add(option.Name);
            if (Has(option))
            {
                given.Add(option);
            }
        }

        return given switch
        {
            [Option one] => one,
            [] => throw new UsageException($"'{_command.Name}' needs one of {string.Join(", ", names)}."),
            _ => throw new UsageException($"{given[0].Name} and {given[1].Name} exclude each other."),
        };
    }

    internal bool Has(Option option) => _values.ContainsKey(option.Name);

    internal string? GetText(Option option) => _values.GetValueOrDefault(option.Name);

    internal string RequireText(Option option) =>
        GetText(option) ?? throw new UsageException($"'{_command.Name}' needs {option.Name} {option.Value}.");

    internal int? GetInteger(Option option, int minimum) => GetText(option) is { } text
        ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= minimum
            ? value
            : throw new UsageException($"{option.Name} is '{text}'; it must be a whole number from {minimum} to {int.MaxValue}.")
        : null;

    internal ulong? GetSeed(Option option) => GetText(option) is { } text
        ? ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw new UsageException($"{option.Name} is '{text}'; it must be a whole number from 0 to {ulong.MaxValue}.")
        : null;

    internal float? GetNumber(Option option) => GetText(option) is { } text
        ? float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value
            : throw new UsageException($"{option.Name} is '{text}'; it must be a number such as 0.7.")
        : null;

    /// <summary>One of a few words.</summary>
    internal T? GetChoice<T>(Option option, params ReadOnlySpan<(string Word, T Value)> choices)
        where T : struct
    {
        if (GetText(option) is not { } text)
        {
            return null;
        }

        List<string> words = [];
        foreach ((string word, T value) in choices)
        {
            if (word == text)
            {
                return value;
            }

            words.Add(word);
        }

        throw new UsageException($"{option.Name} is '{text}'; it must be {string.Join(" or ", words)}.");
    }

    /// <returns>How many of the words after the option belong to it.</returns>
    private int AddOption(string word, ReadOnlySpan<string> next)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? word : word[..equals];
        Option option = _command.Options.FirstOrDefault(o => o.Name == name)
            ?? throw new UsageException(Suggestion.ForOption(name, _command));

        (string value, int taken) = option.Value is null
            ? equals < 0 ? ("", 0) : throw new UsageException($"{name} takes no value.")
            : equals >= 0 ? (word[(equals + 1)..], 0)
            : next.Length > 0 ? (next[0], 1)
            : throw new UsageException($"{name} needs a value: {name} {option.Value}.");
        return _values.TryAdd(name, value) ? taken : throw new UsageException($"{name} is given twice.");
    }
}
