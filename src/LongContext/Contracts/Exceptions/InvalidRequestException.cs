namespace LongContext;

/// <summary>A request's parameter is out of range.</summary>
/// <param name="parameter">Its name: "GenerationOptions.TopP".</param>
/// <param name="value">What was given.</param>
/// <param name="allowed">What is allowed.</param>
public sealed class InvalidRequestException(string parameter, object? value, string allowed)
    : LongContextException($"{parameter} is {value ?? "null"}; it must be {allowed}.")
{
    /// <summary>Its name.</summary>
    public string Parameter { get; } = parameter;
}
