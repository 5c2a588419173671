using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Queries as bytes, beside <see cref="HeadCodes"/>' keys.</summary>
internal static unsafe class QueryCodes
{
    /// <summary>Turns the rows in place and rounds each by its own scale.</summary>
    /// <param name="queries">[rows, headDim]; turned on return.</param>
    /// <param name="rows">How many.</param>
    /// <param name="headDim">Features.</param>
    /// <param name="codes">[rows, headDim in whole fours], zeros after the last feature.</param>
    /// <param name="factors">[rows].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Round(float* queries, int rows, int headDim, byte* codes, QueryFactor* factors)
    {
        int stride = HeadCodes.Padded(headDim);
        for (int row = 0; row < rows; row++)
        {
            float* query = queries + ((long)row * headDim);
            sbyte* target = (sbyte*)(codes + ((long)row * stride));
            HeadCodes.Turn(query, headDim);
            float scale = HeadCodes.Scale(new ReadOnlySpan<float>(query, headDim), out float inverse);
            Vector512<float> factor = Vector512.Create(inverse);
            Vector512<int> sums = Vector512<int>.Zero;
            int d = 0;
            for (; d + 16 <= headDim; d += 16)
            {
                Vector512<int> rounded = HeadCodes.Round(Vector512.Load(query + d) * factor);
                sums += rounded;
                Vector256<short> halves = Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
                Vector128.Narrow(halves.GetLower(), halves.GetUpper()).Store(target + d);
            }

            int sum = Vector512.Sum(sums);
            for (; d < headDim; d++)
            {
                target[d] = (sbyte)HeadCodes.Round(query[d] * inverse);
                sum += target[d];
            }

            new Span<sbyte>(target + headDim, stride - headDim).Clear();
            factors[row] = new QueryFactor { Scale = scale, Start = -HeadCodes.KeyOffset * sum };
        }
    }
}
