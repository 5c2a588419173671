namespace LongContext.Tokenization.Gguf;

/// <summary>The keys of a GGUF file that describe its tokenizer.</summary>
internal static class GgufKeys
{
    internal const string Model = "tokenizer.ggml.model";
    internal const string Pre = "tokenizer.ggml.pre";
    internal const string Tokens = "tokenizer.ggml.tokens";
    internal const string TokenType = "tokenizer.ggml.token_type";
    internal const string Scores = "tokenizer.ggml.scores";
    internal const string Merges = "tokenizer.ggml.merges";
    internal const string Beginning = "tokenizer.ggml.bos_token_id";
    internal const string End = "tokenizer.ggml.eos_token_id";
    internal const string EndOfTurn = "tokenizer.ggml.eot_token_id";
    internal const string EndOfMessage = "tokenizer.ggml.eom_token_id";
    internal const string Unknown = "tokenizer.ggml.unknown_token_id";
    internal const string Padding = "tokenizer.ggml.padding_token_id";
    internal const string AddBeginning = "tokenizer.ggml.add_bos_token";
    internal const string AddEnd = "tokenizer.ggml.add_eos_token";
    internal const string AddSpacePrefix = "tokenizer.ggml.add_space_prefix";
}
