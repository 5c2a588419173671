using System.Runtime.CompilerServices;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A parser's place among the tokens, and how deep it stands in blocks and brackets.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    private int _position;
    private int _depth;

    /// <summary>The token to read next.</summary>
    internal Token Current => tokens[_position];

    /// <summary>The token after it.</summary>
    internal Token Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    /// <summary>Reads a token; the end is read again and again.</summary>
    internal Token Next()
    {
        Token token = tokens[_position];
        _position = Math.Min(_position + 1, tokens.Count - 1);
        return token;
    }

    /// <summary>Is the next token this operator?</summary>
    internal bool IsOperator(string text) => Current.Kind == TokenKind.Operator && Current.Text == text;

    /// <summary>Is the next token this key word?</summary>
    internal bool IsName(string text) => Current.Kind == TokenKind.Name && Current.Text == text;

    /// <summary>Reads this operator if it comes next.</summary>
    internal bool SkipOperator(string text)
    {
        bool isThere = IsOperator(text);
        _position += isThere ? 1 : 0;
        return isThere;
    }

    /// <summary>Reads this key word if it comes next.</summary>
    internal bool SkipName(string text)
    {
        bool isThere = IsName(text);
        _position += isThere ? 1 : 0;
        return isThere;
    }

    /// <summary>Reads this operator, which must come next.</summary>
    internal void ExpectOperator(string text)
    {
        if (!SkipOperator(text))
        {
            throw Fail($"'{text}' is expected, not {Current.Describe()}.");
        }
    }

    /// <summary>Reads a token of a kind, which must come next.</summary>
    internal Token Expect(TokenKind kind, string description) =>
        Current.Kind == kind ? Next() : throw Fail($"{description} is expected, not {Current.Describe()}.");

    /// <summary>Enters a block or bracket.</summary>
    internal void Enter()
    {
        if (++_depth > TemplateLimits.Depth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fail($"Blocks and brackets are nested more than {TemplateLimits.Depth} deep, or more than the stack allows.");
        }
    }

    /// <summary>Leaves a block or bracket.</summary>
    internal void Leave() => _depth--;

    /// <summary>An error at the next token.</summary>
    internal ChatTemplateException Fail(string message) => new(message, Current.Line);
}
