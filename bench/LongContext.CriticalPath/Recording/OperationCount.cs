namespace LongContext.CriticalPath.Recording;

/// <summary>Floating-point operations of one rank.</summary>
/// <param name="Matrix">Of products with weights.</param>
/// <param name="Attention">Of attention.</param>
internal readonly record struct OperationCount(double Matrix, double Attention)
{
    internal double Total => Matrix + Attention;

    public static OperationCount operator -(OperationCount a, OperationCount b) => new(a.Matrix - b.Matrix, a.Attention - b.Attention);
}
