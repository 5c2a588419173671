using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Python's truth of values.</summary>
internal static class Truth
{
    /// <summary>False for none, undefined, false, zero and all that is empty.</summary>
    internal static bool Of(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long l => l != 0,
        double d => d != 0,
        BigInteger big => !big.IsZero,
        string text => text.Length > 0,
        TemplateList list => list.Items.Count > 0,
        TemplateDictionary dictionary => dictionary.Count > 0,
        _ => true,
    };
}
