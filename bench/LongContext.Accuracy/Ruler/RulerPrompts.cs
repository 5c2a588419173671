using LongContext.Tokenization;

namespace LongContext.Accuracy.Ruler;

/// <summary>Samples as token ids: as plain text, or inside a model's chat template.</summary>
/// <param name="tokenizer">The model's.</param>
/// <param name="render">Renders a user's message up to where the answer begins; null: no template.</param>
internal sealed class RulerPrompts(ITokenizer tokenizer, Func<string, string>? render)
{
    /// <summary>Ids of what is read, and of what is asked; the answer's beginning is part of that.</summary>
    internal (int[] Context, int[] Query) Encode(RulerSample sample)
    {
        if (render is null)
        {
            return (
                [.. tokenizer.Encode(sample.Context, EncodeOptions.AddSpecialTokens)],
                [.. tokenizer.Encode(sample.Question + sample.AnswerPrefix, EncodeOptions.None)]);
        }

        string text = render(sample.Context + sample.Question) + sample.AnswerPrefix.TrimStart();
        int question = text.LastIndexOf(sample.Question, StringComparison.Ordinal);
        return question < 0
            ? throw new FormatException("The chat template changes what the user says.")
            : ([.. tokenizer.Encode(text[..question], EncodeOptions.ParseSpecialTokens)], [.. tokenizer.Encode(text[question..], EncodeOptions.ParseSpecialTokens)]);
    }

    /// <summary>Tokens of a text.</summary>
    internal int Count(string text) => tokenizer.Encode(text, EncodeOptions.None).Count;
}
