namespace LongContext.Tensors;

/// <summary>How the rows of a matrix lie in memory.</summary>
internal enum MatrixLayout
{
    /// <summary>Row after row: what every tensor has unless something else is said.</summary>
    Rows,

    /// <summary>
    /// Q8_0 in panels of 32 rows, as many bytes as row after row: for each block of 32 columns, for each four columns, 32 rows' four codes + 128 as
    /// unsigned bytes; then the block's 32 binary16 scales. A view must begin and end between panels.
    /// </summary>
    Panels,
}
