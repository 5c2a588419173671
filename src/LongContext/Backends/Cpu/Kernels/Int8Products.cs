using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>The arithmetic of Linear over quantised weights with rows of x quantised to bytes, written plainly: every kernel gives these very bits.</summary>
/// <remarks>
/// <para>x, in blocks of 32 features: m is the largest magnitude (a NaN counts as largest); scale = m · (1/127) in F32; inverse = 127 / m in F32,
/// or 0 where m is below 1e-30 or NaN; code = x · inverse rounded to the nearest integer, ties to even, −127 to 127; sum is that of the codes.</para>
/// <para>w, in the same blocks: value = scale · (code − zero) + minimum, with one zero a format; Q6_K has a scale for each half of a block (<see cref="BlockCodes"/>).</para>
/// <para>y: a = 0; for each block, first to last: a = fma(Σ (w code − zero) · x code, w scale · x scale, a), with two scales once for features 0 to 15 and then
/// for 16 to 31; and where the format has a minimum a = fma(w minimum, x scale · x sum, a); y = a + bias. The integer sum is exact, both products of scales
/// and the product of scale and sum are rounded to F32, each fma is rounded once. Nothing here depends on how many rows or outputs there are.</para>
/// </remarks>
internal static unsafe class Int8Products
{
    /// <summary>Features of a block of x, and of w.</summary>
    internal const int Block = 32;

    /// <summary>Magnitudes below this become zero: their inverse would leave F32.</summary>
    internal const float Least = 1e-30f;

    /// <summary>Whether weights of <paramref name="type"/> are multiplied this way.</summary>
    internal static bool Suits(DType type) => BlockCodes.Has(type);

    /// <summary>Quantises one row of x.</summary>
    /// <param name="x">[n], whole blocks.</param>
    /// <param name="n">Features.</param>
    /// <param name="codes">[n], written.</param>
    /// <param name="scales">[n / 32], written.</param>
    /// <param name="sums">[n / 32], written.</param>
    internal static void Quantise(float* x, int n, sbyte* codes, float* scales, int* sums)
    {
        for (int block = 0; block < n / Block; block++)
        {
            float largest = 0;
            for (int k = 0; k < Block; k++)
            {
                largest = MathF.Max(largest, MathF.Abs(x[k])); // MathF.Max hands NaN on
            }

            float inverse = largest >= Least ? 127 / largest : 0;
            scales[block] = largest * (1 / 127f);
            sums[block] = 0;
            for (int k = 0; k < Block; k++)
            {
                codes[k] = inverse == 0 ? (sbyte)0 : (sbyte)MathF.Round(x[k] * inverse);
                sums[block] += codes[k];
            }

            x += Block;
            codes += Block;
        }
    }

    /// <summary>One quantised row of x against one row of weights.</summary>
    /// <param name="type">A type that <see cref="Suits"/>.</param>
    /// <param name="w">The weight row in its own format.</param>
    /// <param name="n">Features.</param>
    /// <param name="codes">[n] of x.</param>
    /// <param name="scales">[n / 32] of x.</param>
    /// <param name="sums">[n / 32] of x.</param>
    internal static float Dot(DType type, byte* w, int n, sbyte* codes, float* scales, int* sums)
    {
        int chunk = BlockFormat.Of(type).ElementsPerBlock;
        int parts = BlockCodes.ScalesOfABlock(type), length = Block / parts;
        byte* wCodes = stackalloc byte[chunk];
        float* wScales = stackalloc float[chunk / length];
        float* wMinima = stackalloc float[chunk / Block];
        float a = 0;
        for (int start = 0; start < n; start += chunk)
        {
            BlockCodes.Read(type, w + BlockFormat.Of(type).ByteCount(start), chunk, wCodes, wScales, wMinima);
            for (int part = 0; part < chunk / length; part++)
            {
                int sum = 0;
                for (int k = part * length; k < (part + 1) * length; k++)
                {
                    sum += (wCodes[k] - BlockCodes.Zero(type)) * codes[start + k];
                }

                int block = (start / Block) + (part / parts);
                a = MathF.FusedMultiplyAdd(sum, wScales[part] * scales[block], a);
                if (BlockCodes.HasMinimum(type))
                {
                    a = MathF.FusedMultiplyAdd(wMinima[part], scales[block] * sums[block], a);
                }
            }
        }

        return a;
    }
}
