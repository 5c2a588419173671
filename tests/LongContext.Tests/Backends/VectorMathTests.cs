using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Simd;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

[TestFixture]
internal sealed class VectorMathTests
{
    [Test]
    public void Exp2_UpToItsLimits_IsWithin3e7()
    {
        Check<Simd512, Vector512<float>>(VectorMath<Simd512, Vector512<float>>.Exp2, x => Math.Pow(2, x), -125, 127);
        Check<Simd256, Vector256<float>>(VectorMath<Simd256, Vector256<float>>.Exp2, x => Math.Pow(2, x), -125, 127);
        Check<Simd128, Vector128<float>>(VectorMath<Simd128, Vector128<float>>.Exp2, x => Math.Pow(2, x), -125, 127);
    }

    [Test]
    public void Exp2_SpecialValues_AreExact()
    {
        Vector128<float> x = Vector128.Create(0f, float.NegativeInfinity, -200, float.NaN);
        Vector128<float> y = VectorMath<Simd128, Vector128<float>>.Exp2(x);
        Assert.That(new[] { y[0], y[1], y[2] }, Is.EqualTo(new float[] { 1, 0, 0 }));
        Assert.That(y[3], Is.NaN);
    }

    [Test]
    public void ElementaryFunctions_WholeRange_AreWithin3e7OfTheValue()
    {
        Check<Simd256, Vector256<float>>(VectorMath<Simd256, Vector256<float>>.Exp, Math.Exp, -86, 87);
        Check<Simd256, Vector256<float>>(VectorMath<Simd256, Vector256<float>>.Tanh, Math.Tanh, -20, 20);
        Check<Simd256, Vector256<float>>(VectorMath<Simd256, Vector256<float>>.Tanh, Math.Tanh, -1e-3, 1e-3);
        Check<Simd256, Vector256<float>>(VectorMath<Simd256, Vector256<float>>.Sigmoid, x => 1 / (1 + Math.Exp(-x)), -80, 80);
    }

    private static unsafe void Check<TSimd, TVec>(Func<TVec, TVec> function, Func<double, double> expected, double low, double high)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        const int points = 20_000;
        float* lanes = stackalloc float[16];
        float* results = stackalloc float[16];
        double worst = 0;
        for (int i = 0; i < points; i += TSimd.Width)
        {
            for (int lane = 0; lane < TSimd.Width; lane++)
            {
                lanes[lane] = (float)(low + ((high - low) * (i + lane) / points));
            }

            TVec y = function(TSimd.Load(lanes));
            TSimd.Store(results, y);
            for (int lane = 0; lane < TSimd.Width; lane++)
            {
                double value = expected(lanes[lane]);
                worst = Math.Max(worst, value == 0 ? Math.Abs(results[lane]) : Math.Abs((results[lane] - value) / value));
            }
        }

        Assert.That(worst, Is.LessThan(3e-7), typeof(TSimd).Name);
    }
}
