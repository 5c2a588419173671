using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>The interpreter's tiles against the definition of their products, and what it must refuse.</summary>
[TestFixture]
internal sealed unsafe class InterpretedTileTests
{
    private static readonly TileRegister Sum = new(0), Left = new(4), Right = new(6);

    [Test]
    public void Tdpbf16ps_AnyShape_AddsEvenAndOddProductsApart([Values(1, 5, 16)] int rows, [Values(1, 8, 16)] int pairs, [Values(4, 64)] int sumBytes)
    {
        using GuardedMemory memory = new();
        byte* block = Arguments(memory, rows, pairs, sumBytes);
        ushort* a = (ushort*)(block + 64), b = (ushort*)(block + 64 + 1024);
        float[] before = TestData.Normal(256, 3);
        before.CopyTo(new Span<float>(block + 64 + 2048, 256));
        a[0] = 1; // subnormal: as if zero
        a[1] = 0x7F00;
        b[1] = 0x0080;
        memory.Interpret(a => Product(a, a.Tdpbf16ps), block, 4096).Dispose();
        float* c = (float*)(block + 64 + 2048);
        for (int i = 0; i < 256; i++)
        {
            (int row, int column) = Math.DivRem(i, 16);
            bool isInside = row < rows && column < sumBytes / 4;
            (float even, float odd) = (0, 0);
            for (int k = 0; k < pairs && isInside; k++)
            {
                even = MathF.FusedMultiplyAdd(Float(a[(row * 32) + (2 * k)]), Float(b[(k * 32) + (2 * column)]), even);
                odd = MathF.FusedMultiplyAdd(Float(a[(row * 32) + (2 * k) + 1]), Float(b[(k * 32) + (2 * column) + 1]), odd);
            }

            Assert.That(c[i], Is.EqualTo(isInside ? before[i] + (even + odd) : before[i]), $"row {row}, column {column}");
        }

        static float Float(ushort bits) => (bits & 0x7F80) == 0 ? 0 : BitConverter.UInt32BitsToSingle((uint)bits << 16);
    }

    [Test]
    public void Tdpbssd_WholeTiles_AddsSignedBytes()
    {
        using GuardedMemory memory = new();
        byte* block = Arguments(memory, 16, 16, 64);
        memory.Interpret(a => Product(a, a.Tdpbssd), block, 4096).Dispose();
        for (int i = 0; i < 256; i++)
        {
            (int row, int column) = Math.DivRem(i, 16);
            int sum = 0;
            for (int k = 0; k < 64; k++)
            {
                sum += (sbyte)block[64 + (row * 64) + k] * (sbyte)block[64 + 1024 + (k / 4 * 64) + (column * 4) + (k % 4)];
            }

            Assert.That(((int*)(block + 64 + 2048))[i], Is.EqualTo(sum));
        }
    }

    [TestCase(17, 64, TestName = "Configuration_MoreRowsThanATileHas_IsRefused")]
    [TestCase(16, 65, TestName = "Configuration_LongerRowsThanATileHas_IsRefused")]
    [TestCase(0, 64, TestName = "Configuration_NoRowsOfSomeBytes_IsRefused")]
    public void Configuration_Impossible_IsRefused(int rows, int bytes)
    {
        using GuardedMemory memory = new();
        byte* block = Arguments(memory, 16, 16, 64);
        block[48] = (byte)rows;
        ((ushort*)block)[8] = (ushort)bytes;
        Refuses(memory, block, a => Product(a, a.Tdpbf16ps));
    }

    [Test]
    public void ReservedBytes_Used_AreRefused([Values(0, 1, 2, 15, 32, 47, 56, 63)] int place)
    {
        using GuardedMemory memory = new();
        byte* block = Arguments(memory, 16, 16, 64);
        block[place] = 2;
        Refuses(memory, block, a => Product(a, a.Tdpbf16ps));
    }

    [Test]
    public void ShapesThatDoNotFit_AreRefused([Values(48, 52, 54)] int rowsOf)
    {
        using GuardedMemory memory = new();
        byte* block = Arguments(memory, 16, 16, 64);
        block[rowsOf] = 15;
        Refuses(memory, block, a => Product(a, a.Tdpbf16ps));
    }

    [Test]
    public void Mistakes_AreRefused()
    {
        Action<Assembler>[] mistakes =
        [
            a => { a.Tilezero(Sum); a.Ret(); }, // not configured
            a => { a.Ldtilecfg(new Address(Rdi)); a.Tilerelease(); a.Tilezero(Sum); a.Ret(); },
            a => { a.Ldtilecfg(new Address(Rdi)); a.Ret(); }, // not released
            a => { a.Mov(Rsi, 64); a.Ldtilecfg(new Address(Rdi)); a.Tileloadd(Sum, new Address(Rdi, 4096 - 960, Rsi)); a.Tilerelease(); a.Ret(); }, // beyond the end
            a => { a.Mov(Rax, new Address(Rdi, 4096)); a.Ret(); },
            a => { a.Vmovups(new Address(Rdi, -1), new VectorRegister(0)); a.Ret(); },
            a => { a.Mov(Rbx, 1); a.Ret(); }, // the caller's
            a => { a.Push(Rax); a.Ret(); },
            a => { a.Xgetbv(); a.Ret(); }, // unknown
            a => a.Add(Rax, 1), // runs out of the code
        ];
        foreach (Action<Assembler> mistake in mistakes)
        {
            using GuardedMemory memory = new();
            Refuses(memory, Arguments(memory, 16, 16, 64), mistake);
        }
    }

    private static void Refuses(GuardedMemory memory, byte* block, Action<Assembler> write) =>
        Assert.That(() => memory.Interpret(write, block, 4096), Throws.InstanceOf<MachineFault>());

    /// <summary>4 KB: a configuration, two operands of random bits, zeros.</summary>
    private static byte* Arguments(GuardedMemory memory, int rows, int pairs, int sumBytes)
    {
        byte* block = memory.Bytes(4096);
        ushort* numbers = memory.BF16(1024, seed: 7);
        Buffer.MemoryCopy(numbers, block + 64, 2048, 2048);
        block[0] = 1;
        (block[48], block[48 + 4], block[48 + 6]) = ((byte)rows, (byte)rows, (byte)pairs);
        ushort* bytes = (ushort*)block + 8;
        (bytes[0], bytes[4], bytes[6]) = ((ushort)sumBytes, (ushort)(pairs * 4), (ushort)sumBytes);
        return block;
    }

    private static void Product(Assembler a, Action<TileRegister, TileRegister, TileRegister> product)
    {
        a.Ldtilecfg(new Address(Rdi));
        a.Mov(Rsi, 64);
        a.Tileloadd(Sum, new Address(Rdi, 64 + 2048, Rsi));
        a.Tileloadd(Left, new Address(Rdi, 64, Rsi));
        a.Tileloadd(Right, new Address(Rdi, 64 + 1024, Rsi));
        product(Sum, Left, Right);
        a.Tilestored(new Address(Rdi, 64 + 2048, Rsi), Sum);
        a.Tilerelease();
        a.Ret();
    }
}
