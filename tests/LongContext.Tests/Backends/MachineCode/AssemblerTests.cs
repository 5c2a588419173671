using System.Globalization;
using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Tests.Backends.MachineCode;

/// <summary>Every form of every instruction, over registers and displacements, reads back as what was asked for.</summary>
[TestFixture]
internal sealed class AssemblerTests
{
    private static readonly int[] Displacements = [0, 1, 2, 3, 4, 16, 63, 64, 65, 127, 128, 508, 512, 8128, 8192, -1, -4, -64, -128, -129, -8192, -8256, int.MaxValue, int.MinValue];
    private static readonly int[] Vectors = [0, 1, 7, 8, 15, 16, 23, 24, 31];
    private static readonly GeneralRegister[] General = Enum.GetValues<GeneralRegister>();
    private readonly List<string> _expected = [];
    private Assembler _assembler = new();

    [SetUp]
    public void Clear()
    {
        _assembler = new Assembler();
        _expected.Clear();
    }

    [TearDown]
    public void CodeReadsAsAskedFor()
    {
        Assert.That(_expected, Is.Not.Empty);
        Assert.That(Disassembly.Of(_assembler.Assemble()), Is.EqualTo(_expected));
    }

    [Test]
    public void Vectors_OfRegisters_ReadBack()
    {
        foreach (int x in Vectors)
        {
            foreach (int y in Vectors)
            {
                Expect($"vcvtdq2ps zmm{x},zmm{y}", a => a.Vcvtdq2ps(new(x), new(y)));
                Expect($"vcvtph2ps zmm{x},ymm{y}", a => a.Vcvtph2ps(new(x), new VectorRegister(y)));
                Expect($"vmovaps zmm{x},zmm{y}", a => a.Vmovaps(new(x), new(y)));
                Expect($"vreduceps zmm{x},zmm{y},9", a => a.VreducepsFloor(new(x), new(y)));
                Expect($"vreduceps zmm{x},zmm{y},73", a => a.VreducepsSixteenth(new(x), new(y)));
                Expect($"vpermilps zmm{x},zmm{y},78", a => a.Vpermilps(new(x), new(y), 78));
                foreach (int z in Vectors)
                {
                    Expect($"vsubps zmm{x},zmm{y},zmm{z}", a => a.Vsubps(new(x), new(y), new(z)));
                    Expect($"vmaxps zmm{x},zmm{y},zmm{z}", a => a.Vmaxps(new(x), new(y), new VectorRegister(z)));
                    Expect($"vfmadd213ps zmm{x},zmm{y},zmm{z}", a => a.Vfmadd213ps(new(x), new(y), new VectorRegister(z)));
                    Expect($"vscalefps zmm{x},zmm{y},zmm{z}", a => a.Vscalefps(new(x), new(y), new(z)));
                    Expect($"vshuff32x4 zmm{x},zmm{y},zmm{z},78", a => a.Vshuff32x4(new(x), new(y), new(z), 78));
                    Expect($"vpxord zmm{x},zmm{y},zmm{z}", a => a.Vpxord(new(x), new(y), new(z)));
                    Expect($"vaddps zmm{x},zmm{y},zmm{z}", a => a.Vaddps(new(x), new(y), new VectorRegister(z)));
                    Expect($"vaddps zmm{x}{{rd-sae}},zmm{y},zmm{z}", a => a.VaddpsDown(new(x), new(y), new(z)));
                    Expect($"vpermps zmm{x},zmm{y},zmm{z}", a => a.Vpermps(new(x), new(y), new(z)));
                    Expect($"vmulps zmm{x},zmm{y},zmm{z}", a => a.Vmulps(new(x), new(y), new VectorRegister(z)));
                    Expect($"vfmadd231ps zmm{x},zmm{y},zmm{z}", a => a.Vfmadd231ps(new(x), new(y), new VectorRegister(z)));
                    Expect($"vcvtne2ps2bf16 zmm{x},zmm{y},zmm{z}", a => a.Vcvtne2ps2bf16(new(x), new(y), new VectorRegister(z)));
                    Expect($"vdpbf16ps zmm{x},zmm{y},zmm{z}", a => a.Vdpbf16ps(new(x), new(y), new VectorRegister(z)));
                    Expect($"vpdpbusd zmm{x},zmm{y},zmm{z}", a => a.Vpdpbusd(new(x), new(y), new VectorRegister(z)));
                }
            }
        }
    }

    [Test]
    public void Vectors_OfMemory_ReadBack()
    {
        foreach (Address m in Addresses())
        {
            foreach (int x in (int[])[0, 9, 18, 31])
            {
                Expect($"vmovups zmm{x},{Text(m)}", a => a.Vmovups(new VectorRegister(x), m));
                Expect($"vmovups {Text(m)},zmm{x}", a => a.Vmovups(m, new VectorRegister(x)));
                Expect($"vmovss {Text(m)},xmm{x}", a => a.Vmovss(m, new(x)));
                Expect($"vmovups {Text(m)},xmm{x}", a => a.VmovupsQuarter(m, new VectorRegister(x)));
                Expect($"vbroadcastss zmm{x},{Text(m)}", a => a.Vbroadcastss(new(x), m));
                Expect($"vpbroadcastd zmm{x},{Text(m)}", a => a.Vpbroadcastd(new(x), m));
                Expect($"vpbroadcastw ymm{x},{Text(m)}", a => a.Vpbroadcastw(new(x), m));
                Expect($"vpmovsxbd zmm{x},{Text(m)}", a => a.Vpmovsxbd(new(x), m));
                int y = 31 - x;
                Expect($"vaddps zmm{x},zmm{y},{Text(m)}", a => a.Vaddps(new(x), new(y), m));
                Expect($"vmulps zmm{x},zmm{y},{Text(m)}", a => a.Vmulps(new(x), new(y), m));
                Expect($"vfmadd231ps zmm{x},zmm{y},{Text(m)}", a => a.Vfmadd231ps(new(x), new(y), m));
                Expect($"vfmadd213ps zmm{x},zmm{y},{Text(m)}", a => a.Vfmadd213ps(new(x), new(y), m));
                Expect($"vmaxps zmm{x},zmm{y},{Text(m)}", a => a.Vmaxps(new(x), new(y), m));
                Expect($"vcvtne2ps2bf16 zmm{x},zmm{y},{Text(m)}", a => a.Vcvtne2ps2bf16(new(x), new(y), m));
                Expect($"vdpbf16ps zmm{x},zmm{y},{Text(m)}", a => a.Vdpbf16ps(new(x), new(y), m));
                Expect($"vdpbf16ps zmm{x},zmm{y},{Text(m)}{{1to16}}", a => a.Vdpbf16psBroadcast(new(x), new(y), m));
                Expect($"vpdpbusd zmm{x},zmm{y},{Text(m)}", a => a.Vpdpbusd(new(x), new(y), m));
            }
        }

        Expect("vzeroupper", a => a.Vzeroupper());
    }

    [Test]
    public void Lanes_OfRegisters_ReadBack()
    {
        foreach (int x in Vectors)
        {
            foreach (GeneralRegister g in General)
            {
                Expect($"vpbroadcastd zmm{x},{Lower(g)}", a => a.Vpbroadcastd(new(x), g));
            }

            foreach (int y in Vectors)
            {
                Expect($"vpmovdw ymm{x},zmm{y}", a => a.Vpmovdw(new(x), new(y)));
                foreach (int count in (int[])[1, 4, 24])
                {
                    Expect($"vpsrld zmm{x},zmm{y},{count}", a => a.Vpsrld(new(x), new(y), count));
                    Expect($"vpslld zmm{x},zmm{y},{count}", a => a.Vpslld(new(x), new(y), count));
                    Expect($"vpsrad zmm{x},zmm{y},{count}", a => a.Vpsrad(new(x), new(y), count));
                }

                foreach (int z in Vectors)
                {
                    Expect($"vunpcklps zmm{x},zmm{y},zmm{z}", a => a.Vunpcklps(new(x), new(y), new(z)));
                    Expect($"vunpckhps zmm{x},zmm{y},zmm{z}", a => a.Vunpckhps(new(x), new(y), new(z)));
                    Expect($"vshufps zmm{x},zmm{y},zmm{z},68", a => a.Vshufps(new(x), new(y), new(z), 68));
                    Expect($"vshuff32x4 zmm{x},zmm{y},zmm{z},68", a => a.Vshuff32x4(new(x), new(y), new(z), 68));
                    Expect($"vinserti32x4 ymm{x},ymm{y},xmm{z},1", a => a.Vinserti32x4Half(new(x), new(y), new(z)));
                    Expect($"vpandd zmm{x},zmm{y},zmm{z}", a => a.Vpandd(new(x), new(y), new(z)));
                    Expect($"vpord zmm{x},zmm{y},zmm{z}", a => a.Vpord(new(x), new(y), new(z)));
                    Expect($"vpmulld zmm{x},zmm{y},zmm{z}", a => a.Vpmulld(new(x), new(y), new(z)));
                    Expect($"vpshrdd zmm{x},zmm{y},zmm{z},16", a => a.Vpshrdd(new(x), new(y), new(z), 16));
                }
            }
        }

        static string Lower(GeneralRegister g) => g < R8 ? "e" + Text(g)[1..] : Text(g) + "d";
    }

    [Test]
    public void Lanes_OfMemory_ReadBack()
    {
        foreach (Address m in Addresses())
        {
            foreach (int x in (int[])[0, 9, 18, 31])
            {
                int y = 31 - x;
                Expect($"vmovups ymm{x},{Text(m)}", a => a.VmovupsHalf(new(x), m));
                Expect($"vmovups xmm{x},{Text(m)}", a => a.VmovupsQuarter(new(x), m));
                Expect($"vinserti32x8 zmm{x},zmm{y},{Text(m)},1", a => a.Vinserti32x8(new(x), new(y), m, 1));
                Expect($"vinserti32x4 zmm{x},zmm{y},{Text(m)},3", a => a.Vinserti32x4(new(x), new(y), m, 3));
                Expect($"vpinsrw xmm{x},xmm{y},{Text(m)},5", a => a.Vpinsrw(new(x), new(y), m, 5));
                Expect($"vpdpbusd zmm{x},zmm{y},{Text(m)}{{1to16}}", a => a.VpdpbusdBroadcast(new(x), new(y), m));
                Expect($"vmulps zmm{x},zmm{y},{Text(m)}{{1to16}}", a => a.VmulpsBroadcast(new(x), new(y), m));
                Expect($"vfmadd231ps zmm{x},zmm{y},{Text(m)}{{1to16}}", a => a.Vfmadd231psBroadcast(new(x), new(y), m));
            }
        }
    }

    [Test]
    public void Tiles_ReadBack()
    {
        for (int i = 0; i < 8; i++)
        {
            TileRegister tile = new(i);
            Expect($"tilezero tmm{i}", a => a.Tilezero(tile));
            for (int j = 0; j < 64; j++)
            {
                (int x, int y) = (j & 7, j >> 3);
                if (i == x || i == y || x == y)
                {
                    Assert.That(() => new Assembler().Tdpbssd(tile, new(x), new(y)), Throws.ArgumentException, "the processor refuses it");
                    continue;
                }

                Expect($"tdpbf16ps tmm{i},tmm{x},tmm{y}", a => a.Tdpbf16ps(tile, new(x), new(y)));
                Expect($"tdpbssd tmm{i},tmm{x},tmm{y}", a => a.Tdpbssd(tile, new(x), new(y)));
            }

            foreach (Address m in Addresses().Where(m => m.Index is not null))
            {
                Expect($"tileloadd tmm{i},{Text(m)}", a => a.Tileloadd(tile, m));
                Expect($"tilestored {Text(m)},tmm{i}", a => a.Tilestored(m, tile));
            }
        }

        foreach (Address m in Addresses())
        {
            Expect($"ldtilecfg {Text(m)}", a => a.Ldtilecfg(m));
        }

        Expect("tilerelease", a => a.Tilerelease());
    }

    [Test]
    public void Integers_ReadBack()
    {
        Expect("xgetbv", a => a.Xgetbv());
        foreach (GeneralRegister x in General)
        {
            string xs = Text(x);
            Expect($"push {xs}", a => a.Push(x));
            Expect($"pop {xs}", a => a.Pop(x));
            foreach (GeneralRegister y in General)
            {
                string ys = Text(y);
                Expect($"mov {xs},{ys}", a => a.Mov(x, y));
                Expect($"add {xs},{ys}", a => a.Add(x, y));
                Expect($"sub {xs},{ys}", a => a.Sub(x, y));
                Expect($"cmp {xs},{ys}", a => a.Cmp(x, y));
            }

            foreach (int value in Displacements)
            {
                string number = value.ToString(CultureInfo.InvariantCulture);
                Expect($"add {xs},{number}", a => a.Add(x, value));
                Expect($"mov {(x < R8 ? "e" + xs[1..] : xs + "d")},{number}", a => a.Mov(x, value));
                Expect($"sub {xs},{number}", a => a.Sub(x, value));
                Expect($"cmp {xs},{number}", a => a.Cmp(x, value));
            }
        }

        foreach (Address m in Addresses())
        {
            Expect($"prefetcht0 {Text(m)}", a => a.Prefetcht0(m));
            Expect($"prefetcht1 {Text(m)}", a => a.Prefetcht1(m));
            foreach (GeneralRegister x in (GeneralRegister[])[Rax, Rsp, R8, R15])
            {
                Expect($"mov {Text(x)},{Text(m)}", a => a.Mov(x, m));
                Expect($"mov {Text(m)},{Text(x)}", a => a.Mov(m, x));
                Expect($"add {Text(x)},{Text(m)}", a => a.Add(x, m));
                Expect($"cmp {Text(x)},{Text(m)}", a => a.Cmp(x, m));
                Expect($"lea {Text(x)},{Text(m)}", a => a.Lea(x, m));
            }
        }
    }

    [Test]
    public void Jumps_BothWays_ReachTheirLabels()
    {
        (Label top, Label end) = (new(), new());
        _assembler.Place(top);
        Expect("ret", a => a.Ret());
        Expect("je 25", a => a.Jcc(Condition.Equal, end)); // after two more jumps of 6 bytes, one of 5 and a ret
        Expect("jne 0", a => a.Jcc(Condition.NotEqual, top));
        Expect("jl 0", a => a.Jcc(Condition.Less, top));
        Expect("jmp 25", a => a.Jmp(end));
        Expect("ret", a => a.Ret());
        _assembler.Place(end);
        Expect("jge 0", a => a.Jcc(Condition.GreaterOrEqual, top));
    }

    [Test]
    public void Mistakes_AreRefused()
    {
        Label nowhere = new();
        Assembler other = new();
        other.Jmp(nowhere);
        Assert.Multiple(() =>
        {
            Assert.That(other.Assemble, Throws.InvalidOperationException);
            Assert.That(() => other.Lea(Rax, new(Rax, Index: Rsp)), Throws.ArgumentException);
            Assert.That(() => other.Lea(Rax, new(Rax, Index: Rcx, Scale: 3)), Throws.ArgumentException);
        });
        _assembler.Place(nowhere);
        Assert.That(() => _assembler.Place(nowhere), Throws.InvalidOperationException);
        Expect("ret", a => a.Ret());
    }

    private static IEnumerable<Address> Addresses()
    {
        foreach (GeneralRegister register in General)
        {
            foreach (int displacement in Displacements)
            {
                yield return new Address(register, displacement);
            }

            foreach (GeneralRegister index in General.Where(r => r != Rsp))
            {
                yield return new Address(register, 64 * (int)index, index, 1 << ((int)index & 3));
            }
        }
    }

    private static string Text(GeneralRegister register) => register.ToString().ToLowerInvariant();

    private static string Text(Address m)
    {
        string text = Text(m.Base);
        if (m.Index is { } index)
        {
            text += "+" + Text(index) + (m.Scale == 1 ? "" : $"*{m.Scale}");
        }

        return m.Displacement == 0 ? $"[{text}]" : string.Create(CultureInfo.InvariantCulture, $"[{text}{m.Displacement:+0;-0}]");
    }

    private void Expect(string line, Action<Assembler> write)
    {
        write(_assembler);
        _expected.Add(line);
    }
}
