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
        if (prompt.Context.IsEmpty && prompt.Query.IsEmpty || context.Count + (long)query.Count == 0)
        {
            throw new InvalidRequestException("The prompt", "empty", "at least one token long");
        }

        int[] ids = [.. context, .. query];
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)vocabularySize)
            {
                throw new InvalidRequestException("A token id of the prompt", id, $"0 to {vocabularySize - 1}, the model's vocabulary");
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new EncodedPrompt(ids, context.Count);
    }

    private IReadOnlyList<int> Encode(in PromptPart part, EncodeOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return part.Text is { } text ? tokenizer.Encode(text, options) : part.TokenIds ?? [];
    }
}
