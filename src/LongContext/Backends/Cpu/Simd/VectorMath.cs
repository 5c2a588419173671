using System.Runtime.CompilerServices;

namespace LongContext.Backends.Cpu.Simd;

/// <summary>Elementary functions over vectors, to about 1e-7 of the value. Polynomials are minimax fits of the relative error.</summary>
internal static class VectorMath<TSimd, TVec>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
{
    /// <summary>2ˣ for x ≤ 127: exactly 0 below −126, exactly 1 at 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVec Exp2(TVec x)
    {
        TVec lowest = TSimd.Broadcast(-126);
        TVec clamped = TSimd.Max(lowest, x);
        TVec whole = TSimd.Round(clamped);
        TVec f = TSimd.Subtract(clamped, whole);
        TVec p = TSimd.Fma(TSimd.Broadcast(0.00015353360504377633f), f, TSimd.Broadcast(0.0013398875016719103f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(0.00961843691766262f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(0.055503323674201965f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(0.24022647738456726f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(0.6931471824645996f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(1));
        return TSimd.Select(TSimd.LessThan(x, lowest), TSimd.Zero, TSimd.Multiply(p, TSimd.PowerOfTwo(whole)));
    }

    /// <summary>eˣ, x clamped to −87..88 so that the result stays finite and normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVec Exp(TVec x)
    {
        TVec clamped = TSimd.Min(TSimd.Broadcast(88), TSimd.Max(TSimd.Broadcast(-87), x));
        TVec whole = TSimd.Round(TSimd.Multiply(clamped, TSimd.Broadcast(1.44269504f)));
        TVec f = TSimd.Fma(whole, TSimd.Broadcast(-0.693145751953125f), clamped); // ln 2 in two parts: the first has 15 bits
        f = TSimd.Fma(whole, TSimd.Broadcast(-1.42860682e-6f), f);
        TVec p = TSimd.Fma(TSimd.Broadcast(0.001381446490995586f), f, TSimd.Broadcast(0.008368780836462975f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(0.04166839271783829f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(0.1666651964187622f));
        p = TSimd.Fma(p, f, TSimd.Broadcast(0.4999999403953552f));
        p = TSimd.Fma(TSimd.Multiply(f, f), p, f);
        TVec power = TSimd.PowerOfTwo(whole);
        return TSimd.Fma(p, power, power);
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVec Sigmoid(TVec x) =>
        TSimd.Divide(TSimd.Broadcast(1), TSimd.Add(TSimd.Broadcast(1), Exp(TSimd.Subtract(TSimd.Zero, x))));

    /// <summary>The hyperbolic tangent; keeps its relative precision near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVec Tanh(TVec x)
    {
        TVec square = TSimd.Multiply(x, x);
        TVec p = TSimd.Fma(TSimd.Broadcast(-0.005704990588128567f), square, TSimd.Broadcast(0.02063908986747265f));
        p = TSimd.Fma(p, square, TSimd.Broadcast(-0.05373971536755562f));
        p = TSimd.Fma(p, square, TSimd.Broadcast(0.13331441581249237f));
        p = TSimd.Fma(p, square, TSimd.Broadcast(-0.3333328068256378f));
        TVec near = TSimd.Fma(TSimd.Multiply(p, square), x, x);

        TVec exp = Exp(TSimd.Add(x, x));
        TVec far = TSimd.Subtract(
            TSimd.Broadcast(1), TSimd.Divide(TSimd.Broadcast(2), TSimd.Add(exp, TSimd.Broadcast(1))));
        return TSimd.Select(TSimd.LessThan(TSimd.Abs(x), TSimd.Broadcast(0.625f)), near, far);
    }

    /// <summary>The normal distribution's upper tail: ½·erfc(x/√2) for x ≥ 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVec NormalTail(TVec x)
    {
        // ½·erfc(z) = e^(−z²)·t·P(t) with t = 1 / (1 + 0.4·z), z = x/√2 up to 9.
        TVec t = TSimd.Divide(
            TSimd.Broadcast(1), TSimd.Fma(TSimd.Broadcast(0.282842712f), TSimd.Min(TSimd.Broadcast(12.7f), x), TSimd.Broadcast(1)));
        TVec p = TSimd.Fma(TSimd.Broadcast(0.019570522010326385f), t, TSimd.Broadcast(-0.06494687497615814f));
        p = TSimd.Fma(p, t, TSimd.Broadcast(0.031041976064443588f));
        p = TSimd.Fma(p, t, TSimd.Broadcast(0.05674147605895996f));
        p = TSimd.Fma(p, t, TSimd.Broadcast(0.030885064974427223f));
        p = TSimd.Fma(p, t, TSimd.Broadcast(0.10061325132846832f));
        p = TSimd.Fma(p, t, TSimd.Broadcast(0.09991707652807236f));
        p = TSimd.Fma(p, t, TSimd.Broadcast(0.11336934566497803f));
        p = TSimd.Fma(p, t, TSimd.Broadcast(0.11280818283557892f));
        TVec exp = Exp(TSimd.Multiply(TSimd.Multiply(x, x), TSimd.Broadcast(-0.5f)));
        return TSimd.Multiply(TSimd.Multiply(p, t), exp);
    }
}
