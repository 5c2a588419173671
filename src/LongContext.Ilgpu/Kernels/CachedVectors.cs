using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>A layer's cached keys or values: one of the two views is empty.</summary>
internal struct CachedVectors
{
    /// <summary>Elements of an F32 cache.</summary>
    internal ArrayView<float> F32;

    /// <summary>Elements of a BF16 cache.</summary>
    internal ArrayView<ushort> BF16;

    internal readonly float Load(long index) => F32.Length > 0 ? F32[index] : Interop.IntAsFloat((uint)BF16[index] << 16);

    internal readonly void Store(long index, float value)
    {
        if (F32.Length > 0)
        {
            F32[index] = value;
        }
        else
        {
            BF16[index] = ToBF16(value);
        }
    }

    /// <summary>The nearest bfloat16, ties to even; a NaN stays one.</summary>
    private static ushort ToBF16(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        uint rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);
        uint quiet = bits | 0x0040_0000u;
        return (ushort)(((bits & 0x7FFF_FFFFu) > 0x7F80_0000u ? quiet : rounded) >> 16);
    }
}
