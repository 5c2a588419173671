namespace LongContext.Tokenization.ChatTemplates;

/// <summary>An expression. Chains of operators are one node, so that a long chain is not a deep tree.</summary>
/// <param name="Line">1-based line in the template.</param>
internal abstract record Expression(int Line)
{
    /// <summary>A literal's value.</summary>
    internal sealed record Constant(int Line, object? Value) : Expression(Line);

    /// <summary>A variable.</summary>
    internal sealed record Name(int Line, string Text) : Expression(Line);

    /// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
    internal sealed record ListLiteral(int Line, Expression[] Items, bool IsTuple) : Expression(Line);

    /// <summary><c>{k: v}</c>.</summary>
    internal sealed record DictionaryLiteral(int Line, (Expression Key, Expression Value)[] Items) : Expression(Line);

    /// <summary><c>v if c else v if c else v</c>; without the last value, undefined.</summary>
    internal sealed record Conditional(int Line, (Expression Condition, Expression Value)[] Branches, Expression? Else) : Expression(Line);

    /// <summary><c>a and b and c</c>, or with <c>or</c>.</summary>
    internal sealed record Logical(int Line, bool IsAnd, Expression[] Operands) : Expression(Line);

    /// <summary><c>not a</c>, or an even number of them: the truth of a.</summary>
    internal sealed record Not(int Line, Expression Operand, bool IsNegated) : Expression(Line);

    /// <summary><c>a &lt; b &lt;= c</c>, <c>in</c>, <c>not in</c>: all must hold.</summary>
    internal sealed record Comparison(int Line, Expression First, (string Operator, Expression Operand)[] Rest) : Expression(Line);

    /// <summary>Operators of one rank, from left to right.</summary>
    internal sealed record Arithmetic(int Line, Expression First, (string Operator, Expression Operand)[] Rest) : Expression(Line);

    /// <summary><c>a ~ b ~ c</c>.</summary>
    internal sealed record Concatenation(int Line, Expression[] Operands) : Expression(Line);

    /// <summary>Signs before a number, outermost first.</summary>
    internal sealed record Signed(int Line, string Signs, Expression Operand) : Expression(Line);

    /// <summary>A value and what is done to it from left to right: subscripts, calls, filters, tests.</summary>
    internal sealed record Postfix(int Line, Expression Operand, PostfixOperation[] Operations) : Expression(Line);
}
