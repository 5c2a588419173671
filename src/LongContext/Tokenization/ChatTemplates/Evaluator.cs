namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Evaluates expressions. Knows nothing of statements: what a macro or recursive loop does comes from outside.</summary>
/// <param name="context">Budgets and errors.</param>
/// <param name="callBlock">Calls a macro or a recursive loop.</param>
internal sealed class Evaluator(RenderContext context, Func<object, Arguments, object?> callBlock)
{
    /// <summary>The value of an expression.</summary>
    internal object? Evaluate(Expression expression, Scope scope)
    {
        context.Line = expression.Line;
        context.Step();
        switch (expression)
        {
            case Expression.Constant constant:
                return constant.Value;
            case Expression.Name name:
                return scope.TryGet(name.Text, out object? value) ? value
                    : Globals.Functions.TryGetValue(name.Text, out TemplateFunction? function) ? function
                    : new Undefined($"'{name.Text}' is not defined.");
            case Expression.Postfix postfix:
                return EvaluateOperations(postfix, scope);
            case Expression.Arithmetic arithmetic:
                return EvaluateArithmetic(arithmetic, scope);
            case Expression.Comparison comparison:
                return EvaluateComparison(comparison, scope);
            case Expression.Logical logical:
                return EvaluateLogical(logical, scope);
            case Expression.Not not:
                return Truth.Of(Evaluate(not.Operand, scope)) != not.IsNegated;
            case Expression.Conditional conditional:
                foreach ((Expression condition, Expression branch) in conditional.Branches)
                {
                    if (Truth.Of(Evaluate(condition, scope)))
                    {
                        return Evaluate(branch, scope);
                    }
                }

                return conditional.Else is null ? new Undefined("An inline if was false and has no else.") : Evaluate(conditional.Else, scope);
            case Expression.Concatenation concatenation:
                TextSink sink = new(context);
                foreach (Expression operand in concatenation.Operands)
                {
                    sink.Append(PythonText.Of(context, Evaluate(operand, scope)));
                }

                return sink.ToString();
            case Expression.Signed signed:
                object? number = Evaluate(signed.Operand, scope);
                return Operators.Sign(context, signed.Signs, number);
            case Expression.ListLiteral list:
                object?[] items = new object?[list.Items.Length];
                for (int i = 0; i < items.Length; i++)
                {
                    items[i] = Evaluate(list.Items[i], scope);
                }

                return new TemplateList(context, items, list.IsTuple);
            case Expression.DictionaryLiteral dictionary:
                return new TemplateDictionary(
                    context,
                    Array.ConvertAll(dictionary.Items, item => KeyValuePair.Create(Evaluate(item.Key, scope), Evaluate(item.Value, scope))));
            default:
                throw new InvalidOperationException($"No expression: {expression.GetType()}.");
        }
    }

    /// <summary>Applies one operation to a value.</summary>
    internal object? Apply(PostfixOperation operation, object? value, Scope scope)
    {
        context.Line = operation.Line;
        context.Step();
        switch (operation)
        {
            case PostfixOperation.Attribute attribute:
                return Access.Attribute(context, value, attribute.Name);
            case PostfixOperation.Item item:
                object? key = Evaluate(item.Key, scope);
                context.Line = operation.Line;
                return Access.Item(context, value, key);
            case PostfixOperation.Slice slice:
                (object? start, object? stop, object? step) = (Optional(slice.Start, scope), Optional(slice.Stop, scope), Optional(slice.Step, scope));
                context.Line = operation.Line;
                return Access.Slice(context, value, start, stop, step);
            case PostfixOperation.Call call:
                Arguments arguments = Evaluate(call.Arguments, scope, call.Line);
                return Call(value, arguments);
            case PostfixOperation.Filter filter:
                arguments = Evaluate(filter.Arguments, scope, filter.Line);
                return filter.Function.Invoke(context, value, arguments);
            case PostfixOperation.Test test:
                arguments = Evaluate(test.Arguments, scope, test.Line);
                return Truth.Of(test.Function.Invoke(context, value, arguments)) != test.IsNegated;
            default:
                throw new InvalidOperationException($"No operation: {operation.GetType()}.");
        }
    }

    /// <summary>Evaluates a call's arguments.</summary>
    internal Arguments Evaluate(CallArgument[] arguments, Scope scope, int line)
    {
        if (arguments.Length == 0)
        {
            return Arguments.None;
        }

        List<object?> positional = [];
        List<(string, object?)> named = [];
        foreach ((string? name, Expression expression) in arguments)
        {
            object? value = Evaluate(expression, scope);
            if (name is null)
            {
                positional.Add(value);
            }
            else
            {
                named.Add((name, value));
            }
        }

        context.Line = line;
        return new Arguments([.. positional], [.. named]);
    }

    /// <summary>Calls a function, method, macro or recursive loop.</summary>
    internal object? Call(object? callee, Arguments arguments) => callee switch
    {
        TemplateFunction function => function.Invoke(context, null, arguments),
        BoundMethod method => method.Function.Invoke(context, method.Subject, arguments),
        MacroValue or LoopState => callBlock(callee, arguments),
        _ => throw context.Fail($"{TypeNames.Of(callee)} cannot be called.{Comparisons.Reason(callee)}"),
    };

    private object? Optional(Expression? expression, Scope scope) => expression is null ? null : Evaluate(expression, scope);

    private object? EvaluateOperations(Expression.Postfix postfix, Scope scope)
    {
        object? value = Evaluate(postfix.Operand, scope);
        foreach (PostfixOperation operation in postfix.Operations)
        {
            value = Apply(operation, value, scope);
        }

        return value;
    }

    /// <summary>From left to right; a run of texts added together is built once, not copied at every plus.</summary>
    private object? EvaluateArithmetic(Expression.Arithmetic arithmetic, Scope scope)
    {
        object? value = Evaluate(arithmetic.First, scope);
        TextSink? run = null;
        foreach ((string op, Expression expression) in arithmetic.Rest)
        {
            object? operand = Evaluate(expression, scope);
            context.Line = expression.Line;
            if (op == "+" && operand is string text && (run is not null || value is string))
            {
                run ??= new TextSink(context).Append((string)value!);
                run.Append(text);
                continue;
            }

            value = Operators.Apply(context, op, run?.ToString() ?? value, operand);
            run = null;
        }

        return run?.ToString() ?? value;
    }

    private bool EvaluateComparison(Expression.Comparison comparison, Scope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach ((string op, Expression expression) in comparison.Rest)
        {
            object? right = Evaluate(expression, scope);
            context.Line = comparison.Line;
            if (!Comparisons.Apply(context, op, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object? EvaluateLogical(Expression.Logical logical, Scope scope)
    {
        object? value = null;
        foreach (Expression operand in logical.Operands)
        {
            value = Evaluate(operand, scope);
            if (Truth.Of(value) != logical.IsAnd)
            {
                break;
            }
        }

        return value;
    }
}
