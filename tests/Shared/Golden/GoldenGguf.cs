using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Golden;

/// <summary>Random models as GGUF files, byte for byte as gen_model.py writes them.</summary>
internal static class GoldenGguf
{
    internal static void Write(string path, GoldenShape s, DType type, ulong seed)
    {
        GgufWriter writer = Tokenizer(Keys(s, type, seed), new GoldenTokenizer(s.Vocabulary), s.Architecture == "llama" ? "llama-bpe" : "qwen2");
        foreach (GoldenTensor tensor in GoldenTensors.Of(s))
        {
            Add(writer, tensor, type, seed);
        }

        writer.Write(path);
    }

    /// <summary>Adds a tensor in the type that a file of <paramref name="type"/> has it in.</summary>
    internal static void Add(GgufWriter writer, GoldenTensor tensor, DType type, ulong seed)
    {
        DType own = tensor.IsVector ? DType.F32
            : type == DType.Q4_0 && tensor.Kind == GoldenKind.Embedding ? DType.Q8_0 // llama.cpp's Q4_0 files keep the output matrix finer, too
            : type;
        writer.Tensor(tensor.Name, own, tensor.Dimensions, stream => GoldenStream.Write(stream, tensor, own, seed));
    }

    /// <summary>Adds the keys of the tokenizer.</summary>
    internal static GgufWriter Tokenizer(GgufWriter writer, GoldenTokenizer tokenizer, string preTokenizer) => writer
        .String("tokenizer.ggml.model", "gpt2")
        .String("tokenizer.ggml.pre", preTokenizer)
        .Strings("tokenizer.ggml.tokens", tokenizer.Tokens)
        .Int32s("tokenizer.ggml.token_type", tokenizer.Types)
        .Strings("tokenizer.ggml.merges", GoldenTokenizer.Merges)
        .UInt32("tokenizer.ggml.bos_token_id", tokenizer.BosId)
        .UInt32("tokenizer.ggml.eos_token_id", tokenizer.EosId)
        .Boolean("tokenizer.ggml.add_bos_token", false)
        .String("tokenizer.chat_template", GoldenTokenizer.ChatTemplate);

    /// <summary>llama.cpp's number for a file mostly of <paramref name="type"/>.</summary>
    internal static int FileType(DType type) => type switch
    {
        DType.F32 => 0, DType.F16 => 1, DType.Q4_0 => 2, DType.Q4_1 => 3, DType.Q8_0 => 7, DType.Q5_0 => 8, DType.Q5_1 => 9,
        DType.Q4_K => 14, DType.Q5_K => 16, DType.Q6_K => 18, DType.BF16 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No files of this type."),
    };

    /// <summary>The keys that every model has, without its tokenizer's.</summary>
    internal static GgufWriter Keys(GoldenShape s, DType type, ulong seed)
    {
        string a = s.Architecture;
        return new GgufWriter()
            .String("general.architecture", a)
            .String("general.name", $"random-{s.Name}-seed{seed}")
            .UInt32("general.file_type", FileType(type))
            .UInt32("general.alignment", 32)
            .UInt32("general.quantization_version", 2)
            .UInt32($"{a}.context_length", s.Context)
            .UInt32($"{a}.embedding_length", s.HiddenSize)
            .UInt32($"{a}.block_count", s.Layers)
            .UInt32($"{a}.feed_forward_length", s.FeedForward)
            .UInt32($"{a}.attention.head_count", s.QHeads)
            .UInt32($"{a}.attention.head_count_kv", s.KVHeads)
            .UInt32($"{a}.attention.key_length", s.HeadDim)
            .UInt32($"{a}.attention.value_length", s.HeadDim)
            .Float32($"{a}.attention.layer_norm_rms_epsilon", s.Epsilon)
            .UInt32($"{a}.vocab_size", s.Vocabulary)
            .UInt32($"{a}.rope.dimension_count", s.HeadDim)
            .Float32($"{a}.rope.freq_base", s.RopeBase);
    }
}
