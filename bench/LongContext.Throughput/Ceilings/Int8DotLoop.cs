using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Throughput.Ceilings;

/// <summary>Dot products of four bytes into 32-bit sums on twelve chains. .NET 10 exposes them at 256 bits only.</summary>
internal sealed class Int8DotLoop : ICeilingLoop
{
    private const int Chains = 12, Iterations = 1_000_000;
    private int _sink;

    internal static bool IsSupported => AvxVnni.IsSupported;

    /// <inheritdoc/>
    public double Run(int index)
    {
        _sink = Dots();
        return 2.0 * Chains * Iterations * Vector256<byte>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Dots()
    {
        Vector256<byte> x = Vector256.Create((byte)3);
        Vector256<sbyte> y = Vector256.Create((sbyte)-5);
        Vector256<int> c0 = default, c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0, c8 = c0, c9 = c0, c10 = c0, c11 = c0;
        for (int i = 0; i < Iterations; i++)
        {
            c0 = AvxVnni.MultiplyWideningAndAdd(c0, x, y);
            c1 = AvxVnni.MultiplyWideningAndAdd(c1, x, y);
            c2 = AvxVnni.MultiplyWideningAndAdd(c2, x, y);
            c3 = AvxVnni.MultiplyWideningAndAdd(c3, x, y);
            c4 = AvxVnni.MultiplyWideningAndAdd(c4, x, y);
            c5 = AvxVnni.MultiplyWideningAndAdd(c5, x, y);
            c6 = AvxVnni.MultiplyWideningAndAdd(c6, x, y);
            c7 = AvxVnni.MultiplyWideningAndAdd(c7, x, y);
            c8 = AvxVnni.MultiplyWideningAndAdd(c8, x, y);
            c9 = AvxVnni.MultiplyWideningAndAdd(c9, x, y);
            c10 = AvxVnni.MultiplyWideningAndAdd(c10, x, y);
            c11 = AvxVnni.MultiplyWideningAndAdd(c11, x, y);
        }

        return Vector256.Sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11);
    }

    /// <summary>Keeps the work from being optimised away.</summary>
    public override string ToString() => $"{_sink}";
}
