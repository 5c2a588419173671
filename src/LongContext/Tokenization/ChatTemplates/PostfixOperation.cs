namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Something done to the value before it.</summary>
/// <param name="Line">1-based line in the template.</param>
internal abstract record PostfixOperation(int Line)
{
    /// <summary><c>.name</c>.</summary>
    internal sealed record Attribute(int Line, string Name) : PostfixOperation(Line);

    /// <summary><c>[key]</c>.</summary>
    internal sealed record Item(int Line, Expression Key) : PostfixOperation(Line);

    /// <summary><c>[start:stop:step]</c>.</summary>
    internal sealed record Slice(int Line, Expression? Start, Expression? Stop, Expression? Step) : PostfixOperation(Line);

    /// <summary><c>(arguments)</c>.</summary>
    internal sealed record Call(int Line, CallArgument[] Arguments) : PostfixOperation(Line);

    /// <summary><c>| name(arguments)</c>.</summary>
    internal sealed record Filter(int Line, TemplateFunction Function, CallArgument[] Arguments) : PostfixOperation(Line);

    /// <summary><c>is name(arguments)</c> or <c>is not name(arguments)</c>.</summary>
    internal sealed record Test(int Line, TemplateFunction Function, CallArgument[] Arguments, bool IsNegated) : PostfixOperation(Line);
}
