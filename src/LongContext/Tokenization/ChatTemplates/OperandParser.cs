using System.Globalization;
using System.Text;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Parses operands: literals, variables, brackets, and the signs, subscripts, calls, filters and tests around them.</summary>
internal sealed class OperandParser(TokenStream tokens, ExpressionParser expressions)
{
    /// <summary>Signs bind looser than subscripts and calls, and tighter than filters and tests.</summary>
    internal Expression Parse()
    {
        int line = tokens.Current.Line;
        StringBuilder signs = new();
        while (tokens.IsOperator("-") || tokens.IsOperator("+"))
        {
            signs.Append(tokens.Next().Text);
        }

        Expression operand = ParsePrimary();
        List<PostfixOperation> operations = [];
        ParseSubscripts(operations);
        if (signs.Length > 0)
        {
            operand = new Expression.Signed(line, signs.ToString(), WithOperations(line, operand, operations));
            operations = [];
        }

        while (true)
        {
            if (tokens.SkipOperator("|"))
            {
                operations.Add(ParseFilter());
            }
            else if (tokens.IsName("is"))
            {
                operations.Add(ParseTest());
            }
            else if (tokens.IsOperator("("))
            {
                operations.Add(new PostfixOperation.Call(tokens.Current.Line, ParseArguments()));
            }
            else
            {
                return WithOperations(line, operand, operations);
            }
        }
    }

    /// <summary>Filters, the first one's bar already read: <c>name(arguments) | name</c>.</summary>
    internal PostfixOperation[] ParseFilters()
    {
        List<PostfixOperation> filters = [ParseFilter()];
        while (tokens.SkipOperator("|"))
        {
            filters.Add(ParseFilter());
        }

        return [.. filters];
    }

    /// <summary>A call's arguments, from the opening to the closing bracket.</summary>
    internal CallArgument[] ParseArguments()
    {
        List<CallArgument> arguments = [];
        tokens.ExpectOperator("(");
        while (!tokens.SkipOperator(")"))
        {
            if (tokens.IsOperator("*") || tokens.IsOperator("**"))
            {
                throw tokens.Fail("Unpacking of arguments with '*' is not supported; write the arguments out.");
            }

            string? name = null;
            if (tokens.Current.Kind == TokenKind.Name && tokens.Following is { Kind: TokenKind.Operator, Text: "=" })
            {
                name = tokens.Next().Text;
                tokens.Next();
            }
            else if (arguments.Count > 0 && arguments[^1].Name is not null)
            {
                throw tokens.Fail("An argument by position stands after one by name.");
            }

            arguments.Add(new CallArgument(name, expressions.Parse()));
            if (!tokens.IsOperator(")"))
            {
                tokens.ExpectOperator(",");
            }
        }

        return [.. arguments];
    }

    private static Expression WithOperations(int line, Expression operand, List<PostfixOperation> operations) =>
        operations.Count == 0 ? operand : new Expression.Postfix(line, operand, [.. operations]);

    private void ParseSubscripts(List<PostfixOperation> operations)
    {
        while (true)
        {
            int line = tokens.Current.Line;
            if (tokens.SkipOperator("."))
            {
                Token name = tokens.Next();
                operations.Add(name.Kind switch
                {
                    TokenKind.Name => new PostfixOperation.Attribute(line, name.Text),
                    TokenKind.Integer => new PostfixOperation.Item(line, Integer(name)),
                    _ => throw new ChatTemplateException($"A name is expected after '.', not {name.Describe()}.", name.Line),
                });
            }
            else if (tokens.SkipOperator("["))
            {
                operations.Add(ParseSubscript(line));
                tokens.ExpectOperator("]");
            }
            else if (tokens.IsOperator("("))
            {
                operations.Add(new PostfixOperation.Call(line, ParseArguments()));
            }
            else
            {
                return;
            }
        }
    }

    private PostfixOperation ParseSubscript(int line)
    {
        Expression?[] parts = new Expression?[3];
        int part = 0;
        while (!tokens.IsOperator("]"))
        {
            if (tokens.IsOperator(":") && part < 2)
            {
                tokens.Next();
                part++;
            }
            else if (parts[part] is null)
            {
                parts[part] = expressions.Parse();
            }
            else
            {
                break;
            }
        }

        return part > 0 ? new PostfixOperation.Slice(line, parts[0], parts[1], parts[2])
            : parts[0] is { } key ? new PostfixOperation.Item(line, key)
            : throw tokens.Fail("A subscript is empty.");
    }

    private PostfixOperation.Filter ParseFilter()
    {
        Token name = tokens.Expect(TokenKind.Name, "A filter's name");
        TemplateFunction function = Filters.Find(name.Text) ??
            throw new ChatTemplateException($"There is no filter '{name.Text}'.", name.Line);
        return new PostfixOperation.Filter(name.Line, function, tokens.IsOperator("(") ? ParseArguments() : []);
    }

    private PostfixOperation.Test ParseTest()
    {
        tokens.Next();
        bool isNegated = tokens.SkipName("not");
        Token name = tokens.Expect(TokenKind.Name, "A test's name");
        TemplateFunction function = Tests.Find(name.Text) ??
            throw new ChatTemplateException($"There is no test '{name.Text}'.", name.Line);
        CallArgument[] arguments = [];
        if (tokens.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (TakesArgumentWithoutBrackets())
        {
            int line = tokens.Current.Line;
            List<PostfixOperation> operations = [];
            Expression operand = ParsePrimary();
            ParseSubscripts(operations);
            arguments = [new CallArgument(null, WithOperations(line, operand, operations))];
        }

        return new PostfixOperation.Test(name.Line, function, arguments, isNegated);
    }

    private bool TakesArgumentWithoutBrackets() => tokens.Current.Kind switch
    {
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => tokens.Current.Text is "[" or "{",
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "if" or "is" or "in" or "not" or "recursive"),
        _ => false,
    };

    private Expression ParsePrimary()
    {
        Token token = tokens.Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Expression.Constant(token.Line, true),
                    "false" or "False" => new Expression.Constant(token.Line, false),
                    "none" or "None" => new Expression.Constant(token.Line, null),
                    _ => new Expression.Name(token.Line, token.Text),
                };
            case TokenKind.String:
                StringBuilder text = new(token.Text);
                while (tokens.Current.Kind == TokenKind.String)
                {
                    text.Append(tokens.Next().Text);
                }

                return new Expression.Constant(token.Line, text.ToString());
            case TokenKind.Integer:
                return Integer(token);
            case TokenKind.Float:
                return new Expression.Constant(token.Line, double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Text == "(":
                return ParseParenthesis(token.Line);
            case TokenKind.Operator when token.Text == "[":
                return new Expression.ListLiteral(token.Line, [.. ParseItems("]", expressions.Parse)], IsTuple: false);
            case TokenKind.Operator when token.Text == "{":
                return new Expression.DictionaryLiteral(token.Line, [.. ParseItems("}", ParsePair)]);
            default:
                throw new ChatTemplateException($"A value is expected, not {token.Describe()}.", token.Line);
        }
    }

    private Expression ParseParenthesis(int line)
    {
        if (tokens.SkipOperator(")"))
        {
            return new Expression.ListLiteral(line, [], IsTuple: true);
        }

        Expression value = expressions.ParseTuple();
        tokens.ExpectOperator(")");
        return value;
    }

    private (Expression Key, Expression Value) ParsePair()
    {
        Expression key = expressions.Parse();
        tokens.ExpectOperator(":");
        return (key, expressions.Parse());
    }

    private List<T> ParseItems<T>(string end, Func<T> parseItem)
    {
        List<T> items = [];
        while (!tokens.SkipOperator(end))
        {
            items.Add(parseItem());
            if (!tokens.IsOperator(end))
            {
                tokens.ExpectOperator(",");
            }
        }

        return items;
    }

    private static Expression.Constant Integer(Token token)
    {
        int radix = token.Text is ['0', _, ..] ? (token.Text[1] | 0x20) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 } : 10;
        return Numbers.TryParse(token.Text.AsSpan(radix == 10 ? 0 : 2), radix, out long value)
            ? new Expression.Constant(token.Line, value)
            : throw new ChatTemplateException($"The integer {token.Text[..Math.Min(40, token.Text.Length)]} is malformed or beyond 64 bits.", token.Line);
    }
}
