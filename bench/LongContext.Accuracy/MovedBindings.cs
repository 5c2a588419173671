using LongContext.Tokenization;

namespace LongContext.Accuracy;

/// <summary>Makes of a context in needle-3l's language one whose bindings stand elsewhere, so that anchor and query are needed to follow its links.</summary>
/// <remarks>
/// The text and the aliases stay in their order. A question of three links can only be answered if the blocks with the aliases knew the bindings when they
/// were read: from the anchor if the bindings open the context, from the query in the anchor if they come with the question.
/// </remarks>
internal sealed class MovedBindings
{
    /// <summary>The test set whose contexts are changed.</summary>
    internal const string Source = "staged";

    /// <summary>Bindings open the context.</summary>
    internal const string Opening = "opening";

    /// <summary>Bindings are not in the context: each question brings the one it needs.</summary>
    internal const string Asked = "asked";

    private readonly int _set, _let, _get;

    internal MovedBindings(ITokenizer tokenizer)
    {
        (_set, _let, _get) = (Id("[SET]"), Id("[LET]"), Id("[GET]"));
        int Id(string token) => tokenizer.Encode(token, EncodeOptions.ParseSpecialTokens)[0];
    }

    /// <summary>Whether a set is made from <see cref="Source"/>.</summary>
    internal static bool Makes(string set) => set is Opening or Asked;

    /// <summary>Makes the changed context, with its questions.</summary>
    internal TestContext Move(TestContext context, string set) => new(
        Context(context.Ids, set), [.. context.Questions.Select(q => q with { Ids = set == Asked ? Bound(context.Ids, q.Ids) : q.Ids })]);

    /// <summary>The context without its bindings, or with them after its first token.</summary>
    private int[] Context(ReadOnlySpan<int> ids, string set)
    {
        List<int> bindings = [], others = [];
        for (int i = 0; i < ids.Length;)
        {
            int length = ids[i] == _set ? 3 : 1;
            (length == 3 ? bindings : others).AddRange(ids.Slice(i, length));
            i += length;
        }

        return set == Opening ? [others[0], .. bindings, .. others[1..]] : [.. others];
    }

    /// <summary>A question with the binding that it leads to before it; as it is if it names no key.</summary>
    private int[] Bound(ReadOnlySpan<int> context, int[] query)
    {
        if (query[0] != _get)
        {
            return query;
        }

        int key = query[1];
        for (int i = context.Length - 3; i >= 0; i--) // from alias to alias, back to the binding: everything is bound before it is named
        {
            bool names = context[i + 1] == key;
            if (names && context[i] == _set)
            {
                return [.. context.Slice(i, 3), .. query];
            }

            key = names && context[i] == _let ? context[i + 2] : key;
        }

        throw new FormatException("A question leads to no binding.");
    }
}
