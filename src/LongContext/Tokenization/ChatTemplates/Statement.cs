namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A statement.</summary>
/// <param name="Line">1-based line in the template.</param>
internal abstract record Statement(int Line)
{
    /// <summary>Text outside all tags.</summary>
    internal sealed record Text(int Line, string Value) : Statement(Line);

    /// <summary><c>{{ value }}</c>.</summary>
    internal sealed record Output(int Line, Expression Value) : Statement(Line);

    /// <summary><c>if</c>, <c>elif</c>, <c>else</c>; the last one has no condition.</summary>
    internal sealed record If(int Line, (Expression? Condition, Statement[] Body)[] Branches) : Statement(Line);

    /// <summary><c>for target in items if filter</c>, with its <c>else</c>.</summary>
    internal sealed record For(
        int Line, AssignmentTarget Target, Expression Items, Expression? Filter, bool IsRecursive, Statement[] Body, Statement[] Else)
        : Statement(Line);

    /// <summary><c>set target = value</c>.</summary>
    internal sealed record Set(int Line, AssignmentTarget Target, Expression Value) : Statement(Line);

    /// <summary><c>set target | filters</c> … <c>endset</c>.</summary>
    internal sealed record SetBlock(int Line, AssignmentTarget Target, PostfixOperation[] Filters, Statement[] Body) : Statement(Line);

    /// <summary><c>filter filters</c> … <c>endfilter</c>.</summary>
    internal sealed record FilterBlock(int Line, PostfixOperation[] Filters, Statement[] Body) : Statement(Line);

    /// <summary><c>macro name(parameters)</c> … <c>endmacro</c>.</summary>
    internal sealed record Macro(int Line, string Name, MacroParameter[] Parameters, Statement[] Body) : Statement(Line);

    /// <summary><c>call(parameters) callee(arguments)</c> … <c>endcall</c>: the body becomes the callee's <c>caller</c>.</summary>
    internal sealed record CallBlock(
        int Line, MacroParameter[] Parameters, Expression Callee, CallArgument[] Arguments, Statement[] Body) : Statement(Line);

    /// <summary><c>with a = 1</c> … <c>endwith</c>, also <c>generation</c>: a body with variables of its own.</summary>
    internal sealed record With(int Line, (AssignmentTarget Target, Expression Value)[] Assignments, Statement[] Body) : Statement(Line);

    /// <summary><c>break</c>.</summary>
    internal sealed record Break(int Line) : Statement(Line);

    /// <summary><c>continue</c>.</summary>
    internal sealed record Continue(int Line) : Statement(Line);
}
