namespace LongContext.Tests.Layers;

/// <summary>One type of the assembly names another; nested and compiler-made types count as the type around them.</summary>
/// <param name="From">Full name of the type that uses.</param>
/// <param name="To">Full name of the type used.</param>
internal readonly record struct TypeUse(string From, string To);
