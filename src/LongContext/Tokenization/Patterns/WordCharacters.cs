using System.Globalization;

namespace LongContext.Tokenization.Patterns;

/// <summary>The code points of Unicode's <c>\w</c>: letters, marks, digits, connectors, joiners and circled letters.</summary>
internal static class WordCharacters
{
    private const int Categories =
        (1 << (int)UnicodeCategory.UppercaseLetter) | (1 << (int)UnicodeCategory.LowercaseLetter) | (1 << (int)UnicodeCategory.TitlecaseLetter)
        | (1 << (int)UnicodeCategory.ModifierLetter) | (1 << (int)UnicodeCategory.OtherLetter) | (1 << (int)UnicodeCategory.NonSpacingMark)
        | (1 << (int)UnicodeCategory.SpacingCombiningMark) | (1 << (int)UnicodeCategory.EnclosingMark) | (1 << (int)UnicodeCategory.DecimalDigitNumber)
        | (1 << (int)UnicodeCategory.LetterNumber) | (1 << (int)UnicodeCategory.ConnectorPunctuation);

    private static readonly (int First, int Last)[] Others =
        [(0x200C, 0x200D), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)];

    /// <summary><c>\w</c>.</summary>
    internal static CharacterClass Class { get; } = new(Categories, whiteSpace: false, Others, negated: false);

    /// <summary><c>[^\w\s]</c>.</summary>
    internal static CharacterClass NeitherWordNorSpace { get; } = new(Categories, whiteSpace: true, Others, negated: true);
}
