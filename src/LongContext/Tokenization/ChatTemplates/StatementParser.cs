namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Parses a template's statements. Recursive only over blocks, which the token stream counts.</summary>
internal sealed class StatementParser
{
    private static readonly string[] Forbidden = ["include", "import", "from", "extends", "block"];
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private StatementParser(List<Token> tokens)
    {
        _tokens = new TokenStream(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    /// <summary>Parses a template.</summary>
    internal static Statement[] Parse(string source)
    {
        StatementParser parser = new(Lexer.Tokenize(source));
        return parser.ParseBody("", 0, []);
    }

    /// <summary>Statements up to one of the given tags, whose name is the next token then; up to the template's end if none is given.</summary>
    private Statement[] ParseBody(string block, int line, ReadOnlySpan<string> ends)
    {
        _tokens.Enter();
        List<Statement> body = [];
        while (true)
        {
            Token token = _tokens.Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new Statement.Text(token.Line, token.Text));
                    break;
                case TokenKind.OutputBegin:
                    body.Add(new Statement.Output(token.Line, _expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.OutputEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin when _tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text):
                    _tokens.Leave();
                    return [.. body];
                case TokenKind.BlockBegin:
                    body.Add(ParseStatement());
                    break;
                case TokenKind.End when ends.IsEmpty:
                    _tokens.Leave();
                    return [.. body];
                default:
                    throw new ChatTemplateException($"'{block}' of line {line} is not closed; end it with '{{% {ends[^1]} %}}'.", token.Line);
            }
        }
    }

    private Statement ParseStatement()
    {
        Token name = _tokens.Expect(TokenKind.Name, "A tag's name");
        switch (name.Text)
        {
            case "if":
                return ParseIf(name.Line);
            case "for":
                return ParseFor(name.Line);
            case "set":
                return ParseSet(name.Line);
            case "macro":
                return ParseMacro(name.Line);
            case "call":
                return ParseCall(name.Line);
            case "filter":
                PostfixOperation[] filters = _expressions.ParseFilters();
                EndTag();
                return new Statement.FilterBlock(name.Line, filters, ParseDetachedBody("filter", name.Line, "endfilter"));
            case "with":
                return ParseWith(name.Line);
            case "generation":
                EndTag();
                return new Statement.With(name.Line, [], ParseClosedBody("generation", name.Line, "endgeneration"));
            case "break" or "continue" when _loops > 0:
                EndTag();
                return name.Text == "break" ? new Statement.Break(name.Line) : new Statement.Continue(name.Line);
            case "break" or "continue":
                throw new ChatTemplateException($"'{name.Text}' stands outside of a loop.", name.Line);
            default:
                string reason = Array.IndexOf(Forbidden, name.Text) >= 0 ? "a chat template may not use other templates" : "there is no such tag here";
                throw new ChatTemplateException($"'{name.Text}': {reason}.", name.Line);
        }
    }

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd, "'%}'");

    private Statement[] ParseClosedBody(string block, int line, string end)
    {
        Statement[] body = ParseBody(block, line, [end]);
        _tokens.Next();
        EndTag();
        return body;
    }

    private Statement.If ParseIf(int line)
    {
        List<(Expression?, Statement[])> branches = [];
        Expression? condition = _expressions.ParseTuple();
        while (true)
        {
            EndTag();
            branches.Add((condition, condition is null ? ParseBody("if", line, ["endif"]) : ParseBody("if", line, ["elif", "else", "endif"])));
            string next = _tokens.Next().Text;
            if (next == "endif")
            {
                EndTag();
                return new Statement.If(line, [.. branches]);
            }

            condition = next == "elif" ? _expressions.ParseTuple() : null;
        }
    }

    private Statement.For ParseFor(int line)
    {
        AssignmentTarget target = ParseTarget();
        if (!_tokens.SkipName("in"))
        {
            throw _tokens.Fail($"'in' is expected, not {_tokens.Current.Describe()}.");
        }

        Expression items = ParseItems();
        Expression? filter = _tokens.SkipName("if") ? _expressions.Parse() : null;
        bool isRecursive = _tokens.SkipName("recursive");
        EndTag();
        _loops++;
        Statement[] body = ParseBody("for", line, ["else", "endfor"]);
        _loops--;
        Statement[] otherwise = [];
        if (_tokens.Next().Text == "else")
        {
            EndTag();
            otherwise = ParseBody("for", line, ["endfor"]);
            _tokens.Next();
        }

        EndTag();
        return new Statement.For(line, target, items, filter, isRecursive, body, otherwise);
    }

    /// <summary>What a loop runs over: no inline if, since an if there filters the items.</summary>
    private Expression ParseItems()
    {
        int line = _tokens.Current.Line;
        Expression first = _expressions.ParseOr();
        List<Expression> items = [first];
        while (_tokens.SkipOperator(",") && _tokens.Current.Kind != TokenKind.BlockEnd)
        {
            items.Add(_expressions.ParseOr());
        }

        return items.Count == 1 ? first : new Expression.ListLiteral(line, [.. items], IsTuple: true);
    }

    private Statement ParseSet(int line)
    {
        AssignmentTarget target = ParseTarget();
        if (_tokens.SkipOperator("="))
        {
            Expression value = _expressions.ParseTuple();
            EndTag();
            return new Statement.Set(line, target, value);
        }

        PostfixOperation[] filters = _tokens.SkipOperator("|") ? _expressions.ParseFilters() : [];
        EndTag();
        return new Statement.SetBlock(line, target, filters, ParseDetachedBody("set", line, "endset"));
    }

    private Statement.Macro ParseMacro(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "A macro's name").Text;
        MacroParameter[] parameters = ParseParameters();
        EndTag();
        return new Statement.Macro(line, name, parameters, ParseDetachedBody("macro", line, "endmacro"));
    }

    private Statement.CallBlock ParseCall(int line)
    {
        MacroParameter[] parameters = _tokens.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not Expression.Postfix { Operations: [.., PostfixOperation.Call call] operations } postfix)
        {
            throw new ChatTemplateException("'call' needs the call of a macro.", line);
        }

        EndTag();
        Expression callee = operations.Length == 1 ? postfix.Operand : postfix with { Operations = operations[..^1] };
        return new Statement.CallBlock(line, parameters, callee, call.Arguments, ParseDetachedBody("call", line, "endcall"));
    }

    /// <summary>A body that runs elsewhere: a loop around it cannot be left from inside.</summary>
    private Statement[] ParseDetachedBody(string block, int line, string end)
    {
        int loops = _loops;
        _loops = 0;
        Statement[] body = ParseClosedBody(block, line, end);
        _loops = loops;
        return body;
    }

    private Statement.With ParseWith(int line)
    {
        List<(AssignmentTarget, Expression)> assignments = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            AssignmentTarget target = ParseName();
            _tokens.ExpectOperator("=");
            assignments.Add((target, _expressions.Parse()));
        }

        EndTag();
        return new Statement.With(line, [.. assignments], ParseClosedBody("with", line, "endwith"));
    }

    private MacroParameter[] ParseParameters()
    {
        List<MacroParameter> parameters = [];
        _tokens.ExpectOperator("(");
        while (!_tokens.SkipOperator(")"))
        {
            string name = _tokens.Expect(TokenKind.Name, "A parameter's name").Text;
            parameters.Add(new MacroParameter(name, _tokens.SkipOperator("=") ? _expressions.Parse() : null));
            if (!_tokens.IsOperator(")"))
            {
                _tokens.ExpectOperator(",");
            }
        }

        return [.. parameters];
    }

    private AssignmentTarget ParseTarget()
    {
        int line = _tokens.Current.Line;
        bool isBracketed = _tokens.SkipOperator("(");
        List<AssignmentTarget> parts = [ParseName()];
        bool isTuple = false;
        while (_tokens.SkipOperator(","))
        {
            isTuple = true;
            if (_tokens.Current.Kind == TokenKind.Name && _tokens.Current.Text != "in")
            {
                parts.Add(ParseName());
            }
        }

        if (isBracketed)
        {
            _tokens.ExpectOperator(")");
        }

        return isTuple ? new AssignmentTarget(line, "", null, [.. parts]) : parts[0];
    }

    private AssignmentTarget ParseName()
    {
        Token name = _tokens.Expect(TokenKind.Name, "A variable's name");
        if (name.Text is "true" or "false" or "none" or "True" or "False" or "None" or "loop")
        {
            throw new ChatTemplateException($"'{name.Text}' cannot be assigned to.", name.Line);
        }

        string? attribute = _tokens.SkipOperator(".") ? _tokens.Expect(TokenKind.Name, "An attribute's name").Text : null;
        return new AssignmentTarget(name.Line, name.Text, attribute, null);
    }
}
