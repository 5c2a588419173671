using System.Runtime.Intrinsics;

namespace LongContext.Backends.Cpu.Simd;

/// <summary>The vector instructions the kernels are written in: one source for every width, specialised by the JIT.</summary>
/// <remarks>Loads need no alignment. Every operation's result is a function of its operands alone, in one fixed order of sums.</remarks>
/// <typeparam name="TVec">The register: <see cref="Vector512{T}"/>, <see cref="Vector256{T}"/> or <see cref="Vector128{T}"/> of float.</typeparam>
internal unsafe interface ISimd<TVec>
    where TVec : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Width { get; }

    /// <summary>Rows of a register tile four vectors wide: 6 where 32 registers are sure, else 2.</summary>
    static abstract int TileRows { get; }

    static abstract TVec Zero { get; }

    static abstract TVec Broadcast(float value);

    static abstract TVec Load(float* source);

    /// <summary>Widens as many bfloat16 values as fill a vector.</summary>
    static abstract TVec LoadBF16(ushort* source);

    /// <summary>Widens as many binary16 values as fill a vector; exact, subnormals and infinities included.</summary>
    static abstract TVec LoadF16(ushort* source);

    /// <summary>Converts as many signed bytes as fill a vector.</summary>
    static abstract TVec LoadSByte(sbyte* source);

    static abstract void Store(float* destination, TVec value);

    static abstract TVec Add(TVec x, TVec y);

    static abstract TVec Subtract(TVec x, TVec y);

    static abstract TVec Multiply(TVec x, TVec y);

    static abstract TVec Divide(TVec x, TVec y);

    /// <summary>x · y + z, rounded once.</summary>
    static abstract TVec Fma(TVec x, TVec y, TVec z);

    /// <summary>The greater of the two, lane by lane; <paramref name="y"/> where either is NaN on x86.</summary>
    static abstract TVec Max(TVec x, TVec y);

    /// <summary>The lesser of the two, lane by lane; <paramref name="y"/> where either is NaN on x86.</summary>
    static abstract TVec Min(TVec x, TVec y);

    static abstract TVec Abs(TVec x);

    /// <summary>The first lane.</summary>
    static abstract float First(TVec x);

    /// <summary>The nearest integer, ties to even.</summary>
    static abstract TVec Round(TVec x);

    /// <summary>All bits set where x is less than y.</summary>
    static abstract TVec LessThan(TVec x, TVec y);

    /// <summary><paramref name="x"/> where the mask's bits are set, else <paramref name="y"/>.</summary>
    static abstract TVec Select(TVec mask, TVec x, TVec y);

    /// <summary>Bitwise and: keeps the lanes of a mask.</summary>
    static abstract TVec And(TVec x, TVec mask);

    /// <summary>All bits set in the last <paramref name="count"/> lanes.</summary>
    static abstract TVec LastLanes(int count);

    /// <summary>2 to the power of integers between −126 and 127.</summary>
    static abstract TVec PowerOfTwo(TVec exponent);

    /// <summary>The sum over the lanes, halving the vector.</summary>
    static abstract float Sum(TVec x);

    /// <summary>Four sums at once, each the same bits as <see cref="Sum"/>.</summary>
    static abstract Vector128<float> Sum4(TVec a, TVec b, TVec c, TVec d);

    /// <summary>The greatest lane.</summary>
    static abstract float MaxAcross(TVec x);

    /// <summary>The greatest lane of each of four.</summary>
    static abstract Vector128<float> Max4(TVec a, TVec b, TVec c, TVec d);
}
