namespace LongContext.Loading;

/// <summary>Tensors of one file must not share bytes.</summary>
internal static class TensorOverlap
{
    /// <summary>Checks the tensors of one file, in any order.</summary>
    /// <exception cref="ModelFormatException">Two of them overlap.</exception>
    internal static void Refuse(IReadOnlyList<MappedTensor> tensors)
    {
        MappedTensor[] sorted = [.. tensors];
        Array.Sort(sorted, static (a, b) => a.Offset.CompareTo(b.Offset));
        for (int i = 1; i < sorted.Length; i++)
        {
            MappedTensor before = sorted[i - 1], tensor = sorted[i];
            if (before.Offset + before.Info.ByteCount > tensor.Offset)
            {
                throw new ModelFormatException(
                    tensor.File.Path, tensor.Info.Name, $"the tensor shares bytes with '{before.Info.Name}'.", tensor.Offset);
            }
        }
    }
}
