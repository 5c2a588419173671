using System.Globalization;
using System.Text;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Reads the tokens inside one tag, up to the tag's end, which only counts outside brackets.</summary>
internal sealed class TagLexer(string source, int position, int line, bool isBlock, List<Token> tokens)
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}", "<", ">", "=", ".", ":", "|", ",", ";"];

    private readonly Stack<char> _brackets = new();

    /// <summary>Where reading stands: after the tag's end.</summary>
    internal int Position { get; private set; } = position;

    /// <summary>The line there.</summary>
    internal int Line { get; private set; } = line;

    /// <summary>Reads to the tag's end and returns the sign in it: '-', '+' or a blank.</summary>
    internal char Read(int begin)
    {
        while (Position < source.Length)
        {
            char c = source[Position];
            if (PythonText.IsSpace(c))
            {
                Line += c == '\n' ? 1 : 0;
                Position++;
            }
            else if (_brackets.Count == 0 && TryReadEnd(out char sign))
            {
                return sign;
            }
            else if (char.IsAsciiDigit(c))
            {
                ReadNumber();
            }
            else if (c == '_' || char.IsLetter(c))
            {
                int start = Position;
                while (Position < source.Length && (source[Position] == '_' || char.IsLetterOrDigit(source[Position])))
                {
                    Position++;
                }

                tokens.Add(new Token(TokenKind.Name, source[start..Position], Line));
            }
            else if (c is '"' or '\'')
            {
                ReadString(c);
            }
            else
            {
                ReadOperator(c);
            }
        }

        throw new ChatTemplateException($"A tag is not closed; end it with '{(isBlock ? "%}" : "}}")}'.", begin);
    }

    private bool TryReadEnd(out char sign)
    {
        sign = source[Position] is '-' or '+' ? source[Position] : ' ';
        int end = sign == ' ' ? Position : Position + 1;
        if (!source.AsSpan(end).StartsWith(isBlock ? "%}" : "}}", StringComparison.Ordinal) || (sign == '+' && !isBlock))
        {
            return false;
        }

        tokens.Add(new Token(isBlock ? TokenKind.BlockEnd : TokenKind.OutputEnd, "", Line));
        Position = end + 2;
        return true;
    }

    private void ReadOperator(char c)
    {
        foreach (string op in Operators)
        {
            if (!source.AsSpan(Position).StartsWith(op, StringComparison.Ordinal))
            {
                continue;
            }

            if (c is '(' or '[' or '{')
            {
                _brackets.Push(c == '(' ? ')' : (char)(c + 2)); // ']' and '}' come two after their openers
            }
            else if (c is ')' or ']' or '}' && !(_brackets.TryPop(out char expected) && expected == c))
            {
                throw new ChatTemplateException($"'{c}' closes nothing that is open.", Line);
            }

            tokens.Add(new Token(TokenKind.Operator, op, Line));
            Position += op.Length;
            return;
        }

        throw new ChatTemplateException($"Unexpected character '{c}' (U+{(int)c:X4}).", Line);
    }

    private void ReadNumber()
    {
        int start = Position;
        if (source[start] == '0' && start + 1 < source.Length && source[start + 1] is 'x' or 'X' or 'b' or 'B' or 'o' or 'O')
        {
            Position += 2;
            SkipWhile(char.IsAsciiHexDigit);
            tokens.Add(new Token(TokenKind.Integer, Digits(start), Line));
            return;
        }

        SkipWhile(char.IsAsciiDigit);
        bool afterDot = start > 0 && source[start - 1] == '.'; // in a.0.1 these are two subscripts
        TokenKind kind = TokenKind.Integer;
        if (!afterDot && At(0) == '.' && char.IsAsciiDigit(At(1)))
        {
            kind = TokenKind.Float;
            Position++;
            SkipWhile(char.IsAsciiDigit);
        }

        if (!afterDot && At(0) is 'e' or 'E' && (char.IsAsciiDigit(At(1)) || (At(1) is '+' or '-' && char.IsAsciiDigit(At(2)))))
        {
            kind = TokenKind.Float;
            Position += 2;
            SkipWhile(char.IsAsciiDigit);
        }

        tokens.Add(new Token(kind, Digits(start), Line));
    }

    private char At(int offset) => Position + offset < source.Length ? source[Position + offset] : '\0';

    private string Digits(int start) => source[start..Position].Replace("_", "", StringComparison.Ordinal);

    private void SkipWhile(Func<char, bool> isDigit)
    {
        while (isDigit(At(0)) || (At(0) == '_' && isDigit(At(1))))
        {
            Position++;
        }
    }

    private void ReadString(char quote)
    {
        int begin = Line;
        StringBuilder text = new();
        for (Position++; Position < source.Length; Position++)
        {
            char c = source[Position];
            if (c == quote)
            {
                Position++;
                tokens.Add(new Token(TokenKind.String, text.ToString(), begin));
                return;
            }

            Line += c == '\n' ? 1 : 0;
            if (c == '\\' && Position + 1 < source.Length)
            {
                Position++;
                Line += source[Position] == '\n' ? 1 : 0;
                ReadEscape(text);
            }
            else
            {
                text.Append(c);
            }
        }

        throw new ChatTemplateException($"A string is not closed; end it with {quote}.", begin);
    }

    /// <summary>Decodes the escape whose letter stands at the position, and leaves the position on its last character.</summary>
    private void ReadEscape(StringBuilder text)
    {
        const string Letters = "abfnrtv\\'\"";
        const string Meanings = "\a\b\f\n\r\t\v\\'\"";
        char c = source[Position];
        if (Letters.IndexOf(c, StringComparison.Ordinal) is int at && at >= 0)
        {
            text.Append(Meanings[at]);
        }
        else if (c is >= '0' and <= '7')
        {
            int value = c - '0';
            for (int i = 0; i < 2 && At(1) is >= '0' and <= '7'; i++)
            {
                value = (value * 8) + (At(1) - '0');
                Position++;
            }

            text.Append((char)value);
        }
        else if (c is 'x' or 'u' or 'U')
        {
            int length = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            string digits = source.Substring(Position + 1, Math.Min(length, source.Length - Position - 1));
            if (digits.Length < length || !uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value) ||
                value > 0x10FFFF)
            {
                throw new ChatTemplateException($"'\\{c}' in a string needs {length} hexadecimal digits of a character.", Line);
            }

            text.Append(value > 0xFFFF ? char.ConvertFromUtf32((int)value) : ((char)value).ToString());
            Position += length;
        }
        else if (c != '\n')
        {
            text.Append('\\').Append(c);
        }
    }
}
