namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Runs a template's statements once.</summary>
internal sealed class Interpreter
{
    private readonly RenderContext _context;
    private readonly Evaluator _evaluator;

    private Interpreter(RenderContext context)
    {
        _context = context;
        _evaluator = new Evaluator(context, Call);
    }

    /// <summary>How a statement ended.</summary>
    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <summary>The text a template makes of variables.</summary>
    internal static string Run(RenderContext context, Statement[] template, Scope variables)
    {
        TextSink output = new(context);
        new Interpreter(context).Run(template, variables, output);
        return output.ToString();
    }

    private Flow Run(Statement[] body, Scope scope, TextSink output)
    {
        foreach (Statement statement in body)
        {
            Flow flow = Run(statement, scope, output);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private Flow Run(Statement statement, Scope scope, TextSink output)
    {
        _context.Line = statement.Line;
        _context.Step();
        switch (statement)
        {
            case Statement.Text text:
                output.Append(text.Value);
                return Flow.Next;
            case Statement.Output value:
                object? result = _evaluator.Evaluate(value.Value, scope);
                output.Append(PythonText.Of(_context, result));
                return Flow.Next;
            case Statement.If branches:
                return RunIf(branches, scope, output);
            case Statement.For loop:
                object? items = _evaluator.Evaluate(loop.Items, scope);
                return RunFor(loop, items, scope, 0, output);
            case Statement.Set set:
                Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope, scope);
                return Flow.Next;
            case Statement.SetBlock block:
                Assign(block.Target, Filtered(block.Filters, block.Body, scope), scope, scope);
                return Flow.Next;
            case Statement.FilterBlock block:
                output.Append(PythonText.Of(_context, Filtered(block.Filters, block.Body, scope)));
                return Flow.Next;
            case Statement.Macro macro:
                scope.Set(macro.Name, new MacroValue(macro.Name, macro.Parameters, macro.Body, scope));
                return Flow.Next;
            case Statement.CallBlock call:
                RunCall(call, scope, output);
                return Flow.Next;
            case Statement.With with:
                return RunWith(with, scope, output);
            case Statement.Break:
                return Flow.Break;
            case Statement.Continue:
                return Flow.Continue;
            default:
                throw new InvalidOperationException($"No statement: {statement.GetType()}.");
        }
    }

    private Flow RunIf(Statement.If branches, Scope scope, TextSink output)
    {
        foreach ((Expression? condition, Statement[] body) in branches.Branches)
        {
            if (condition is null || Truth.Of(_evaluator.Evaluate(condition, scope)))
            {
                return Run(body, scope, output);
            }
        }

        return Flow.Next;
    }

    private Flow RunFor(Statement.For loop, object? value, Scope scope, int depth, TextSink output)
    {
        IReadOnlyList<object?> items = Access.Iterate(_context, value);
        if (loop.Filter is not null)
        {
            items = Filter(loop, items, scope);
        }

        LoopState state = new(loop, items, depth, scope);
        for (int i = 0; i < items.Count; i++)
        {
            _context.Line = loop.Line;
            _context.Step();
            state.Index = i;
            Scope round = new(scope);
            round.Set("loop", state);
            Assign(loop.Target, items[i], round, scope);
            if (Run(loop.Body, round, output) == Flow.Break)
            {
                return Flow.Next;
            }
        }

        return items.Count == 0 ? Run(loop.Else, new Scope(scope), output) : Flow.Next;
    }

    private List<object?> Filter(Statement.For loop, IReadOnlyList<object?> items, Scope scope)
    {
        List<object?> kept = [];
        foreach (object? item in items)
        {
            Scope round = new(scope);
            Assign(loop.Target, item, round, scope);
            if (Truth.Of(_evaluator.Evaluate(loop.Filter!, round)))
            {
                kept.Add(item);
            }
        }

        return kept;
    }

    private object? Filtered(PostfixOperation[] filters, Statement[] body, Scope scope)
    {
        TextSink text = new(_context);
        Run(body, new Scope(scope), text);
        object? value = text.ToString();
        foreach (PostfixOperation filter in filters)
        {
            value = _evaluator.Apply(filter, value, scope);
        }

        return value;
    }

    private Flow RunWith(Statement.With with, Scope scope, TextSink output)
    {
        Scope inner = new(scope);
        foreach ((AssignmentTarget target, Expression value) in with.Assignments)
        {
            Assign(target, _evaluator.Evaluate(value, scope), inner, scope);
        }

        return Run(with.Body, inner, output);
    }

    private void RunCall(Statement.CallBlock call, Scope scope, TextSink output)
    {
        object? callee = _evaluator.Evaluate(call.Callee, scope);
        Arguments arguments = _evaluator.Evaluate(call.Arguments, scope, call.Line);
        MacroValue caller = new("caller", call.Parameters, call.Body, scope);
        object? result = _evaluator.Call(
            callee, new Arguments([.. arguments.Positional], [.. arguments.Named, ("caller", caller)]));
        output.Append(PythonText.Of(_context, result));
    }

    /// <summary>Assigns in <paramref name="target"/>'s scope; a namespace is looked up from <paramref name="scope"/>.</summary>
    private void Assign(AssignmentTarget target, object? value, Scope into, Scope scope)
    {
        if (target.Parts is { } parts)
        {
            IReadOnlyList<object?> items = Access.Iterate(_context, value);
            if (items.Count != parts.Length)
            {
                throw _context.Fail($"{items.Count} values cannot be unpacked into {parts.Length} variables.");
            }

            for (int i = 0; i < parts.Length; i++)
            {
                Assign(parts[i], items[i], into, scope);
            }
        }
        else if (target.Attribute is null)
        {
            into.Set(target.Name, value);
        }
        else if (scope.TryGet(target.Name, out object? ns) && ns is TemplateNamespace variables)
        {
            variables.Variables[target.Attribute] = value;
        }
        else
        {
            throw _context.Fail($"'{target.Name}' is not a namespace; only a namespace's attributes can be assigned to.");
        }
    }

    private string Call(object callee, Arguments arguments)
    {
        int line = _context.Line;
        _context.Enter();
        TextSink text = new(_context);
        if (callee is MacroValue macro)
        {
            Run(macro.Body, Bind(macro, arguments), text);
        }
        else if (callee is LoopState loop && loop.Loop.IsRecursive)
        {
            RunFor(loop.Loop, arguments[0], loop.Scope, loop.Depth + 1, text);
        }
        else
        {
            throw _context.Fail("A loop can only be called if it is 'recursive'.");
        }

        _context.Leave();
        _context.Line = line;
        return text.ToString();
    }

    private Scope Bind(MacroValue macro, Arguments arguments)
    {
        Scope scope = new(macro.Scope);
        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach ((string name, object? value) in arguments.Named)
        {
            named[name] = value;
        }

        for (int i = 0; i < macro.Parameters.Length; i++)
        {
            _context.Step();
            MacroParameter parameter = macro.Parameters[i];
            bool isNamed = named.Remove(parameter.Name, out object? value);
            if (isNamed && i < arguments.Count)
            {
                throw _context.Fail($"The macro '{macro.Name}' is given '{parameter.Name}' twice.");
            }

            scope.Set(parameter.Name, i < arguments.Count ? arguments[i]
                : isNamed ? value
                : parameter.Default is { } defaultValue ? _evaluator.Evaluate(defaultValue, scope)
                : new Undefined($"'{parameter.Name}' was not given to the macro '{macro.Name}'."));
        }

        if (named.Remove("caller", out object? caller))
        {
            scope.Set("caller", caller);
        }

        scope.Set("varargs", arguments.Count <= macro.Parameters.Length
            ? TemplateList.EmptyTuple
            : new TemplateList(_context, [.. arguments.Positional.Skip(macro.Parameters.Length)], isTuple: true));
        scope.Set("kwargs", named.Count == 0
            ? TemplateDictionary.Empty
            : new TemplateDictionary(_context, [.. named.Select(item => KeyValuePair.Create((object?)item.Key, item.Value))]));
        return scope;
    }
}
