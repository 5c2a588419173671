using System.Globalization;
using System.Runtime.Intrinsics;

namespace LongContext.Backends.Cpu.Simd;

/// <summary>Chooses the vector width, once, when a backend is made.</summary>
internal static class SimdWidths
{
    /// <summary>Set to 512, 256 or 128 to override the choice; narrower or wider than the machine works too, only slower.</summary>
    internal const string Variable = "LONGCONTEXT_SIMD";

    /// <summary>The widest the machine computes in, or what <see cref="Variable"/> says.</summary>
    /// <exception cref="ConfigurationException">The variable is set to something else.</exception>
    internal static SimdWidth Choose()
    {
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(wanted))
        {
            return Vector512.IsHardwareAccelerated ? SimdWidth.Bits512
                : Vector256.IsHardwareAccelerated ? SimdWidth.Bits256
                : SimdWidth.Bits128;
        }

        return int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && Enum.IsDefined((SimdWidth)bits)
            ? (SimdWidth)bits
            : throw new ConfigurationException([$"{Variable} is '{wanted}'; it must be 512, 256, 128 or unset."]);
    }
}
