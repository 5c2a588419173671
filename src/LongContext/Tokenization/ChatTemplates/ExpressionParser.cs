namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Parses expressions down to the operands of operators. Recursive only over brackets, which the token stream counts.</summary>
internal sealed class ExpressionParser
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly string[][] Ranks = [["+", "-"], [], ["*", "/", "//", "%"], ["**"]]; // rank 1 is '~'
    private readonly OperandParser _operands;
    private readonly TokenStream _tokens;

    /// <summary>A parser that reads from a stream.</summary>
    internal ExpressionParser(TokenStream tokens) => (_tokens, _operands) = (tokens, new OperandParser(tokens, this));

    /// <summary>An expression, inline if included.</summary>
    internal Expression Parse()
    {
        _tokens.Enter();
        int line = _tokens.Current.Line;
        Expression value = ParseOr();
        List<(Expression, Expression)> branches = [];
        Expression? otherwise = null;
        while (_tokens.SkipName("if"))
        {
            branches.Add((ParseOr(), otherwise ?? value));
            otherwise = null;
            if (!_tokens.SkipName("else"))
            {
                break;
            }

            otherwise = ParseOr();
        }

        _tokens.Leave();
        return branches.Count == 0 ? value : new Expression.Conditional(line, [.. branches], otherwise);
    }

    /// <summary>Expressions parted by commas: a tuple, or one expression alone.</summary>
    internal Expression ParseTuple()
    {
        int line = _tokens.Current.Line;
        Expression first = Parse();
        if (!_tokens.IsOperator(","))
        {
            return first;
        }

        List<Expression> items = [first];
        while (_tokens.SkipOperator(",") && !IsTupleEnd())
        {
            items.Add(Parse());
        }

        return new Expression.ListLiteral(line, [.. items], IsTuple: true);
    }

    /// <summary>Filters, the first one's bar already read: <c>name(arguments) | name</c>.</summary>
    internal PostfixOperation[] ParseFilters() => _operands.ParseFilters();

    /// <summary>An expression without inline if.</summary>
    internal Expression ParseOr() => ParseLogical("or", () => ParseLogical("and", ParseNot));

    private bool IsTupleEnd() => _tokens.Current.Kind is TokenKind.BlockEnd or TokenKind.OutputEnd or TokenKind.End || _tokens.IsOperator(")");

    private Expression ParseLogical(string word, Func<Expression> parseOperand)
    {
        int line = _tokens.Current.Line;
        Expression first = parseOperand();
        if (!_tokens.IsName(word))
        {
            return first;
        }

        List<Expression> operands = [first];
        while (_tokens.SkipName(word))
        {
            operands.Add(parseOperand());
        }

        return new Expression.Logical(line, word == "and", [.. operands]);
    }

    private Expression ParseNot()
    {
        int line = _tokens.Current.Line;
        int count = 0;
        while (_tokens.SkipName("not"))
        {
            count++;
        }

        Expression operand = ParseComparison();
        return count == 0 ? operand : new Expression.Not(line, operand, count % 2 == 1);
    }

    private Expression ParseComparison()
    {
        int line = _tokens.Current.Line;
        Expression first = ParseArithmetic(0);
        List<(string, Expression)> rest = [];
        while (true)
        {
            string op;
            if (_tokens.Current.Kind == TokenKind.Operator && Array.IndexOf(Comparisons, _tokens.Current.Text) is int index && index >= 0)
            {
                op = Comparisons[index];
                _tokens.Next();
            }
            else if (_tokens.SkipName("in"))
            {
                op = "in";
            }
            else if (_tokens.IsName("not") && _tokens.Following is { Kind: TokenKind.Name, Text: "in" })
            {
                op = "not in";
                _tokens.Next();
                _tokens.Next();
            }
            else
            {
                break;
            }

            rest.Add((op, ParseArithmetic(0)));
        }

        return rest.Count == 0 ? first : new Expression.Comparison(line, first, [.. rest]);
    }

    private Expression ParseArithmetic(int rank)
    {
        if (rank == 1)
        {
            return ParseConcatenation();
        }

        if (rank == Ranks.Length)
        {
            return _operands.Parse();
        }

        int line = _tokens.Current.Line;
        Expression first = ParseArithmetic(rank + 1);
        List<(string, Expression)> rest = [];
        while (_tokens.Current.Kind == TokenKind.Operator && Array.IndexOf(Ranks[rank], _tokens.Current.Text) is int index && index >= 0)
        {
            _tokens.Next();
            rest.Add((Ranks[rank][index], ParseArithmetic(rank + 1)));
        }

        return rest.Count == 0 ? first : new Expression.Arithmetic(line, first, [.. rest]);
    }

    private Expression ParseConcatenation()
    {
        int line = _tokens.Current.Line;
        Expression first = ParseArithmetic(2);
        if (!_tokens.IsOperator("~"))
        {
            return first;
        }

        List<Expression> operands = [first];
        while (_tokens.SkipOperator("~"))
        {
            operands.Add(ParseArithmetic(2));
        }

        return new Expression.Concatenation(line, [.. operands]);
    }
}
