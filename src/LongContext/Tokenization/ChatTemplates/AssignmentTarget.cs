namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What a value is assigned to: a name, an attribute of a namespace, or several of these.</summary>
/// <param name="Line">1-based line in the template.</param>
/// <param name="Name">The name, if there are no parts.</param>
/// <param name="Attribute">The namespace's attribute, or null.</param>
/// <param name="Parts">The parts a value is unpacked into, or null.</param>
internal sealed record AssignmentTarget(int Line, string Name, string? Attribute, AssignmentTarget[]? Parts);
