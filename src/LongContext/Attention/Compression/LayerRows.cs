using LongContext.Tensors;

namespace LongContext.Attention.Compression;

/// <summary>Consecutive rows of one block in one layer.</summary>
/// <param name="Layer">Layer, 0-based.</param>
/// <param name="FirstPosition">Position of the first row's token in the context.</param>
/// <param name="BlockStart">Position of the block's first token. A block's rows come in order, and all before those of another block.</param>
/// <param name="Q">[rows, qHeads, headDim].</param>
/// <param name="K">[rows, kvHeads, headDim].</param>
/// <param name="V">[rows, kvHeads, headDim].</param>
internal readonly record struct LayerRows(int Layer, int FirstPosition, int BlockStart, Tensor Q, Tensor K, Tensor V)
{
    /// <summary>Rows.</summary>
    internal int Count => K.Rows;
}
