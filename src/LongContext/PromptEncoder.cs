using LongContext.Tokenization;

namespace LongContext;

/// <summary>Turns prompts into checked token ids, on the caller's thread.</summary>
/// <param name="tokenizer">Encodes the texts.</param>
/// <param name="vocabularySize">Rows of the model's embedding table: ids from there on do not exist.</param>
internal sealed class PromptEncoder(ITokenizer tokenizer, int vocabularySize)
{
    /// <summary>The ids of context and query.</summary>
    /// <param name="prompt">Special tokens written out in its texts become those tokens.</param>
    /// <param name="cancellationToken">Looked at before and after each part is encoded.</param>
    /// <exception cref="InvalidRequestException">The prompt is empty, or an id is not in the vocabulary.</exception>
    internal EncodedPrompt Encode(Prompt prompt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        EncodeOptions added = prompt.HasSpecialTokens ? EncodeOptions.None : EncodeOptions.AddSpecialTokens;
        IReadOnlyList<int> context = Encode(prompt.Context, added | EncodeOptions.ParseSpecialTokens, cancellationToken);
        IReadOnlyList<int> query = Encode(prompt.Query, EncodeOptions.ParseSpecialTokens, cancellationToken);
        bool isEmpty = prompt.Context.IsEmpty && prompt.Query.IsEmpty; // then a beginning-of-sequence token makes it no prompt
        int[] ids = Check(isEmpty ? [] : [.. context, .. query], "The prompt");
        cancellationToken.ThrowIfCancellationRequested();
        return new EncodedPrompt(ids, context.Count);
    }

    /// <summary>The ids, if there are any and the model knows all of them.</summary>
    /// <exception cref="InvalidRequestException">There are none, or an id is not in the vocabulary.</exception>
    internal int[] Check(int[] ids, string what)
    {
        if (ids.Length == 0)
        {
            throw new InvalidRequestException(what, "empty", "at least one token long");
        }

        foreach (int id in ids)
        {
            if ((uint)id >= (uint)vocabularySize)
            {
                throw new InvalidRequestException($"A token id of {char.ToLowerInvariant(what[0])}{what[1..]}", id, $"0 to {vocabularySize - 1}, the model's vocabulary");
            }
        }

        return ids;
    }

    private IReadOnlyList<int> Encode(in PromptPart part, EncodeOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return part.Text is { } text ? tokenizer.Encode(text, options) : part.TokenIds ?? [];
    }
}
