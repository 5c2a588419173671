namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What a template may use before it is stopped. A template comes with a model and is not trusted.</summary>
internal static class TemplateLimits
{
    /// <summary>Characters of a template.</summary>
    internal const int SourceLength = 1 << 18;

    /// <summary>Nested blocks and brackets in a template; nested macro calls in a rendering.</summary>
    internal const int Depth = 64;

    /// <summary>Nested lists and dictionaries in a value.</summary>
    internal const int ValueDepth = 128;

    /// <summary>Steps of a rendering: a node, a round, an item, 64 characters made, 256 searched, or 16 handled one by one.</summary>
    internal const long Steps = 1_000_000;

    /// <summary>Characters of the output, and of any text on the way to it.</summary>
    internal const int TextLength = 16 * 1024 * 1024;

    /// <summary>Characters made that count as a step.</summary>
    internal const int CharactersMadePerStep = 64;

    /// <summary>Characters handled one by one that count as a step.</summary>
    internal const int CharactersHandledPerStep = 16;

    /// <summary>Characters searched or compared that count as a step.</summary>
    internal const int CharactersSearchedPerStep = 256;
}
