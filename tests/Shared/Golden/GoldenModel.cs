using LongContext.Tensors;

namespace LongContext.Tests.Shared.Golden;

/// <summary>Random models whose weights anybody can compute again: the twin of the reference data's gen_model.py, bit for bit.</summary>
internal static class GoldenModel
{
    /// <summary>Writes a GGUF file.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="shape">
    /// As in gen_model.py: "tiny", "tiny-tied", "tiny-llama3", "tiny-qwen2", "tiny-qwen3", "llama-160m", "llama3.2-1b", "qwen2.5-0.5b", "qwen3-0.6b".
    /// Ours: "tiny-heads8", "tiny-phi3", "tiny-gemma2", "tiny-gemma3", "tiny-gemma3-heads8", "tiny-qwen2-yarn"; only as folder "tiny-mistral" (GGUF cannot state its window).
    /// </param>
    /// <param name="type">Of the matrices; vectors are F32.</param>
    /// <param name="seed">1 in all reference outputs.</param>
    internal static void WriteGguf(string path, string shape, DType type, ulong seed = 1)
    {
        if (GoldenVariants.Find(shape) is { } variant)
        {
            GoldenVariantFiles.WriteGguf(path, variant, type, seed);
        }
        else
        {
            GoldenGguf.Write(path, GoldenShapes.Named(shape), type, seed);
        }
    }

    /// <summary>Writes a Hugging Face folder: config.json, tokenizer.json, tokenizer_config.json, model.safetensors.</summary>
    internal static void WriteFolder(string folder, string shape, DType type, ulong seed = 1)
    {
        if (GoldenVariants.Find(shape) is { } variant)
        {
            GoldenVariantFiles.WriteFolder(folder, variant, type, seed);
        }
        else
        {
            GoldenFolder.Write(folder, GoldenShapes.Named(shape), type, seed);
        }
    }
}
