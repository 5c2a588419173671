using LongContext.Loading;
using LongContext.Tokenization;

namespace LongContext;

/// <summary>A model's tokenizer and, if it has one, its chat template.</summary>
internal sealed record ModelTokenizer(ITokenizer Tokenizer, Func<IReadOnlyList<ChatMessage>, string>? RenderChat)
{
    /// <summary>Reads both, the tokenizer unless <paramref name="given"/> takes its place.</summary>
    internal static ModelTokenizer Open(ModelFiles files, ITokenizer? given)
    {
        return new ModelTokenizer(given ?? TokenizerReader.Load(files), null);
    }
}
