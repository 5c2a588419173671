using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>Every vector instruction that kernels are written with: the interpreter gives the processor's bits.</summary>
[TestFixture]
internal sealed unsafe class InterpretedAgainstProcessorTests
{
    private const int Vector = 64, Inputs = 3, Rounds = 200;

    private static readonly VectorRegister X = new(1), Y = new(18), Z = new(31);
    private static readonly Address Memory = new(Rdi, 2 * Vector);

    private static readonly (string Name, Action<Assembler> Write)[] Instructions =
    [
        ("vmovups ymm", a => a.VmovupsHalf(X, Memory)),
        ("vmovups xmm", a => a.VmovupsQuarter(X, Memory)),
        ("vmovaps", a => a.Vmovaps(X, Y)),
        ("vmovss", a => a.Vmovss(new Address(Rdi, (Inputs * Vector) + 4), Y)),
        ("vpxord", a => a.Vpxord(X, Y, Z)),
        ("vaddps", a => a.Vaddps(X, Y, Z)),
        ("vaddps memory", a => a.Vaddps(X, Y, Memory)),
        ("vmulps", a => a.Vmulps(X, Y, Z)),
        ("vmulps memory", a => a.Vmulps(X, Y, Memory)),
        ("vmulps broadcast", a => a.VmulpsBroadcast(X, Y, Memory)),
        ("vfmadd231ps", a => a.Vfmadd231ps(X, Y, Z)),
        ("vfmadd231ps memory", a => a.Vfmadd231ps(X, Y, Memory)),
        ("vfmadd231ps broadcast", a => a.Vfmadd231psBroadcast(X, Y, Memory)),
        ("vfmadd213ps", a => a.Vfmadd213ps(X, Y, Z)),
        ("vsubps", a => a.Vsubps(X, Y, Z)),
        ("vmaxps", a => a.Vmaxps(X, Y, Z)),
        ("vmaxps memory", a => a.Vmaxps(X, Y, Memory)),
        ("vreduceps", a => a.VreducepsFloor(X, Y)),
        ("vreduceps sixteenth", a => a.VreducepsSixteenth(X, Y)),
        ("vaddps downwards", a => a.VaddpsDown(X, Y, Z)),
        ("vpermps", a => a.Vpermps(X, Y, Z)),
        ("vscalefps", a => a.Vscalefps(X, Y, Z)),
        ("vshuff32x4", a => a.Vshuff32x4(X, Y, Z, 0b10_00_11_01)),
        ("vshufps", a => a.Vshufps(X, Y, Z, 0b10_00_11_01)),
        ("vpermilps", a => a.Vpermilps(X, Y, 0b10_00_11_01)),
        ("vunpcklps", a => a.Vunpcklps(X, Y, Z)),
        ("vunpckhps", a => a.Vunpckhps(X, Y, Z)),
        ("vbroadcastss", a => a.Vbroadcastss(X, Memory)),
        ("vpbroadcastd memory", a => a.Vpbroadcastd(X, Memory)),
        ("vpbroadcastd", a => { a.Mov(Rax, 0x12345678); a.Vpbroadcastd(X, Rax); }),
        ("vpbroadcastw", a => a.Vpbroadcastw(X, Memory)),
        ("vpmovsxbd", a => a.Vpmovsxbd(X, Memory)),
        ("vpmovdw", a => a.Vpmovdw(X, Y)),
        ("vcvtdq2ps", a => a.Vcvtdq2ps(X, Y)),
        ("vcvtph2ps", a => a.Vcvtph2ps(X, Y)),
        ("vcvtne2ps2bf16", a => a.Vcvtne2ps2bf16(X, Y, Z)),
        ("vcvtne2ps2bf16 memory", a => a.Vcvtne2ps2bf16(X, Y, Memory)),
        ("vdpbf16ps", a => a.Vdpbf16ps(X, Y, Z)),
        ("vdpbf16ps memory", a => a.Vdpbf16ps(X, Y, Memory)),
        ("vdpbf16ps broadcast", a => a.Vdpbf16psBroadcast(X, Y, Memory)),
        ("vpdpbusd", a => a.Vpdpbusd(X, Y, Z)),
        ("vpdpbusd memory", a => a.Vpdpbusd(X, Y, Memory)),
        ("vpdpbusd broadcast", a => a.VpdpbusdBroadcast(X, Y, Memory)),
        ("vinserti32x8", a => a.Vinserti32x8(X, Y, Memory, 1)),
        ("vinserti32x4", a => a.Vinserti32x4(X, Y, Memory, 3)),
        ("vinserti32x4 ymm", a => a.Vinserti32x4Half(X, Y, Z)),
        ("vpinsrw", a => a.Vpinsrw(X, Y, Memory, 5)),
        ("vpandd", a => a.Vpandd(X, Y, Z)),
        ("vpord", a => a.Vpord(X, Y, Z)),
        ("vpsrld", a => a.Vpsrld(X, Y, 5)),
        ("vpslld", a => a.Vpslld(X, Y, 5)),
        ("vpsrad", a => a.Vpsrad(X, Y, 5)),
        ("vpshrdd", a => a.Vpshrdd(X, Y, Z, 13)),
        ("vpmulld", a => a.Vpmulld(X, Y, Z)),
        ("vzeroupper", a => { a.Vmovaps(new VectorRegister(2), Y); a.Vzeroupper(); a.Vmovaps(X, new VectorRegister(2)); }),
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        Instructions.Select(i => new TestCaseData(i.Write, i.Name.StartsWith("vdpbf16ps", StringComparison.Ordinal)).SetArgDisplayNames(i.Name));

    [TestCaseSource(nameof(Cases))]
    public void Instruction_OnNumbersOfEveryKind_SameBits(Action<Assembler> write, bool isAnyNaNAsGood)
    {
        Assume.That(ExecutableMemory.IsSupported && ProcessorFeatures.HasBF16DotProducts && ProcessorFeatures.HasByteDotProducts, "another machine");
        Assembler assembler = new();
        assembler.Vmovups(X, new Address(Rdi));
        assembler.Vmovups(Y, new Address(Rdi, Vector));
        assembler.Vmovups(Z, new Address(Rdi, 2 * Vector));
        write(assembler);
        assembler.Vmovups(new Address(Rdi, 4 * Vector), X);
        assembler.Ret();
        byte[] code = assembler.Assemble();
        delegate* unmanaged<void*, void> native = (delegate* unmanaged<void*, void>)ExecutableMemory.Place(code);
        Random random = new(1);
        for (int round = 0; round < Rounds; round++)
        {
            uint[] given = [.. Enumerable.Range(0, 5 * Vector / sizeof(uint)).Select(_ => Number(random, round))];
            uint[] expected = [.. given], actual = [.. given];
            fixed (uint* e = expected, a = actual)
            {
                native(e);
                MachineMemory memory = new();
                memory.Allow(a, 5 * Vector);
                using X64Machine machine = new(code, memory);
                machine.Call(a);
            }

            if (isAnyNaNAsGood) // which NaN is made of several is each maker's own choice
            {
                (expected, actual) = (OneNaN(expected), OneNaN(actual));
            }

            Assert.That(actual, Is.EqualTo(expected), string.Join(" ", given.Take(48).Select(x => x.ToString("X8"))));
        }
    }

    private static uint[] OneNaN(uint[] numbers) => [.. numbers.Select(x => float.IsNaN(BitConverter.UInt32BitsToSingle(x)) ? 0x7FC00000 : x)];

    /// <summary>Rounds of ordinary floats, of small whole numbers, of any bits, of bits with extreme values among them.</summary>
    private static uint Number(Random random, int round)
    {
        uint bits = (uint)random.NextInt64();
        float ordinary = (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-12, 12)));
        float[] extremes = [0, -0f, 1, -1, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.MaxValue, float.MinValue, float.Epsilon, 1e-39f, 1.17549435e-38f, 1.5e-30f];
        return (round % 4) switch
        {
            0 => BitConverter.SingleToUInt32Bits(ordinary),
            1 => BitConverter.SingleToUInt32Bits(random.Next(-9, 9)),
            2 => IsNaN(bits) || IsNaN(bits << 16) ? 0 : bits,
            _ => random.Next(3) == 0 ? BitConverter.SingleToUInt32Bits(extremes[random.Next(extremes.Length)]) : BitConverter.SingleToUInt32Bits(ordinary),
        };

        static bool IsNaN(uint x) => (x & 0x7F800000) == 0x7F800000;
    }
}
