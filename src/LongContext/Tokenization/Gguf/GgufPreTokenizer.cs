using LongContext.Tokenization.Patterns;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Tokenization.Gguf;

/// <summary>What the value of <c>tokenizer.ggml.pre</c> stands for: regexes applied one after the other, and the family's habits.</summary>
internal sealed record GgufPreTokenizer
{
    private const string Digit = @"\p{N}";

    /// <summary>Punctuation without the grave accent, as llama.cpp has it for 'default'.</summary>
    private const string DefaultPunctuation = @"[\p{P}\$\+<=>\^~\|]+";

    private static readonly Dictionary<string, GgufPreTokenizer> Known = MakeKnown();

    /// <summary>Each cuts the pieces of the one before.</summary>
    internal required IReadOnlyList<string> Patterns { get; init; }

    /// <summary>A word that is a token stays whole.</summary>
    internal bool IgnoresMerges { get; init; }

    /// <summary>Whether a beginning-of-sequence token is added where the file does not say.</summary>
    internal bool AddsBeginning { get; init; }

    /// <summary>The family's tokenizer.json normalizes to NFC first; GGUF has no key for it.</summary>
    internal bool Composes { get; init; }

    /// <summary>The pre-tokenizer of a name.</summary>
    /// <exception cref="UnsupportedModelException">The name is not known.</exception>
    internal static GgufPreTokenizer Find(string file, string? name) => Known.TryGetValue(name ?? "", out GgufPreTokenizer? found)
        ? found
        : throw new UnsupportedModelException(
            $"{file}: pre-tokenizer {(name is null ? "without a name (tokenizer.ggml.pre is missing)" : $"'{name}'")}",
            string.Join(", ", Known.Keys.Order(StringComparer.Ordinal)));

    /// <summary>The steps that cut text and write it in the byte alphabet.</summary>
    internal IPreTokenizer Make() => new SequencePreTokenizer(
    [
        .. Patterns.Select(regex => new SplitPreTokenizer(PatternReader.Read(regex), SplitBehavior.Isolated)),
        new ByteLevelPreTokenizer(SpacePrefix.Never, null),
    ]);

    private static Dictionary<string, GgufPreTokenizer> MakeKnown()
    {
        Dictionary<string, GgufPreTokenizer> known = new(StringComparer.Ordinal);
        void Add(string names, GgufPreTokenizer family)
        {
            foreach (string name in names.Split(' '))
            {
                known.Add(name, family);
            }
        }

        GgufPreTokenizer gpt2 = new() { Patterns = [PublishedPatterns.Gpt2] };
        GgufPreTokenizer qwen2 = new() { Patterns = [PublishedPatterns.Qwen2] };
        GgufPreTokenizer llama3 = new() { Patterns = [PublishedPatterns.Llama3] };
        Add("gpt-2 phi-2 jais trillion exaone4 gigachat mellum", gpt2);
        Add("mpt olmo", gpt2 with { Composes = true });
        Add("qwen2", qwen2 with { Composes = true });
        Add("deepseek-r1-qwen megrez stablelm2 hunyuan solar-open grok-2", qwen2);
        Add("qwen35", new() { Patterns = [PublishedPatterns.Qwen35], Composes = true });
        Add("llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2", llama3 with { IgnoresMerges = true, AddsBeginning = true });
        Add("dbrx smaug-bpe glm4 chatglm-bpe", llama3);
        Add("gpt-4o llama4 kanana2 minimax-m2", new() { Patterns = [PublishedPatterns.Gpt4o] });
        Add("tekken", new() { Patterns = [PublishedPatterns.Tekken], IgnoresMerges = true, AddsBeginning = true });
        Add("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", new() { Patterns = [Digit, PublishedPatterns.Gpt2] });
        Add("falcon", new() { Patterns = [PublishedPatterns.Punctuation + "+", PublishedPatterns.Gpt2, "[0-9][0-9][0-9]"] });
        Add("deepseek-v3 hunyuan-dense joyai-llm", new()
        {
            Patterns = [@"\p{N}{1,3}", PublishedPatterns.DeepSeekV3Asian, PublishedPatterns.DeepSeekV3],
        });
        Add("deepseek-coder", new() { Patterns = [@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", PublishedPatterns.DeepSeekAsian, Digit] });
        Add("deepseek-llm", new()
        {
            Patterns =
            [
                @"[\r\n]", PublishedPatterns.DeepSeekLetters, PublishedPatterns.DeepSeekPunctuation, @"\s+$", PublishedPatterns.DeepSeekAsian, Digit,
            ],
        });
        Add("default", new() { Patterns = [DefaultPunctuation, PublishedPatterns.Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"] });
        return known;
    }
}
