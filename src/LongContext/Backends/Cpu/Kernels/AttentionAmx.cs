using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Which caches tile registers can read as they lie.</summary>
internal static class AttentionAmx
{
    /// <summary>bfloat16, pages of whole groups of 32 keys, heads of whole groups of 16 features.</summary>
    internal static bool Suits(KVCacheShape shape) =>
        shape.Type == DType.BF16 && shape.PageSize % AttentionAmxScratch.KeyGroup == 0 && shape.HeadDim % AmxConfiguration.Rows == 0;

    /// <summary>Pairs of features of a tile: whole tiles where the heads allow.</summary>
    internal static int Pairs(int headDim) => headDim % (2 * AmxAttentionWriter.WholePairs) == 0 ? AmxAttentionWriter.WholePairs : AmxAttentionWriter.WholePairs / 2;
}
