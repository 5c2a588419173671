namespace LongContext.Tests.Shared.Reference;

/// <summary>A tensor as a checkpoint stores it: row-major numbers and their dimensions.</summary>
internal sealed record ReferenceTensor(float[] Values, params long[] Dimensions)
{
    /// <summary>Row r of a matrix, in doubles.</summary>
    internal double[] Row(int r)
    {
        int columns = (int)Dimensions[^1];
        return [.. Values.AsSpan(r * columns, columns).ToArray().Select(v => (double)v)];
    }
}
