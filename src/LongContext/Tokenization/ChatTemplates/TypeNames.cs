using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What errors call a value's type.</summary>
internal static class TypeNames
{
    /// <summary>The type's name.</summary>
    internal static string Of(object? value) => value switch
    {
        null => "none",
        Undefined => "undefined",
        bool => "a boolean",
        long or BigInteger => "an integer",
        double => "a float",
        string => "a text",
        TemplateList { IsTuple: true } => "a tuple",
        TemplateList => "a list",
        TemplateDictionary => "a dictionary",
        TemplateNamespace => "a namespace",
        LoopState => "the loop",
        _ => "a function",
    };
}
