using LongContext.Loading;
using LongContext.Tokenization.AddedTokens;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads tokenizer.json's added tokens and checks them against the model's vocabulary.</summary>
internal static class AddedTokenReader
{
    /// <summary>The added tokens, ids and texts all different.</summary>
    internal static IReadOnlyList<AddedToken> Read(JsonConfig tokenizer, Vocabulary vocabulary)
    {
        List<AddedToken> tokens = [];
        Dictionary<string, int> texts = new(StringComparer.Ordinal);
        HashSet<int> ids = [];
        foreach (JsonConfig item in ComponentList.Children(tokenizer, "added_tokens"))
        {
            AddedToken token = ReadToken(item);
            int known = vocabulary.Find(token.Content);
            if ((known >= 0 && known != token.Id) || (known < 0 && vocabulary.TextOf(token.Id) is not null)
                || !texts.TryAdd(token.Content, token.Id) || !ids.Add(token.Id))
            {
                throw new ModelFormatException(
                    item.File, "id", $"'{token.Content}' with id {token.Id} contradicts the vocabulary or another added token.");
            }

            tokens.Add(token);
        }

        return tokens;
    }

    private static AddedToken ReadToken(JsonConfig item)
    {
        long id = item.RequireInteger("id");
        string content = item.RequireString("content");
        if (id is < 0 or >= Vocabulary.MaxSize)
        {
            throw new ModelFormatException(item.File, "id", $"'{content}' has id {id}; ids must be 0 to {Vocabulary.MaxSize - 1}.");
        }

        if (content.Length == 0)
        {
            throw new ModelFormatException(item.File, "content", "an empty token would be found everywhere.");
        }

        bool special = item.GetBoolean("special") ?? false;
        AddedTokenTraits traits = Trait(special, AddedTokenTraits.Special)
            | Trait(item.GetBoolean("normalized") ?? !special, AddedTokenTraits.Normalized)
            | Trait(item.GetBoolean("lstrip") ?? false, AddedTokenTraits.StripsLeft)
            | Trait(item.GetBoolean("rstrip") ?? false, AddedTokenTraits.StripsRight)
            | Trait(item.GetBoolean("single_word") ?? false, AddedTokenTraits.SingleWord);
        return new AddedToken((int)id, content, traits);
    }

    private static AddedTokenTraits Trait(bool set, AddedTokenTraits trait) => set ? trait : AddedTokenTraits.None;
}
