using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>Whole kernels that this processor can run: interpreted, they write the same bits and stay inside the memory they were given.</summary>
[TestFixture]
internal sealed unsafe class InterpretedKernelTests
{
    [SetUp]
    public void Require() =>
        Assume.That(ExecutableMemory.IsSupported && ProcessorFeatures.HasBF16DotProducts && ProcessorFeatures.HasByteDotProducts, "another machine");

    [Test]
    public void RoundingAndDots_SameBits([Values(1, 2, 4, 6)] int rows, [Values(0, 64)] int fetched)
    {
        const int steps = 3, groups = 2, features = steps * 32;
        using GuardedMemory memory = new();
        float* source = memory.Floats((rows + (groups * 4)) * features, seed: 1);
        ushort* rounded = (ushort*)memory.Bytes((rows + (groups * 4)) * features * sizeof(ushort));
        float* sums = (float*)memory.Bytes(groups * rows * 4 * 16 * sizeof(float));
        RoundArguments round = new() { Source = source, Destination = rounded, Steps = (rows + (groups * 4)) * steps };
        memory.CheckBothWays(BF16KernelWriter.Round, &round, sizeof(RoundArguments));
        DotArguments dot = new()
        {
            X = rounded, XStride = features * sizeof(ushort), W = (byte*)(rounded + (rows * features)), WStride = features * sizeof(ushort),
            Steps = steps, Groups = groups, Sums = sums,
        };
        memory.CheckBothWays(a => BF16KernelWriter.Dot(a, rows, fetched), &dot, sizeof(DotArguments));
    }

    [Test]
    public void TurnedTiles_SameBits([Values(1, 4, 7)] int steps, [Values(0, 2)] int joined)
    {
        const int tiles = 2, rows = BF16TurnedWriter.Rows, outputs = BF16TurnedWriter.Outputs;
        using GuardedMemory memory = new();
        TurnedDotArguments arguments = new()
        {
            X = (float*)memory.BF16(tiles * rows * steps * 2, seed: 16), XStride = steps * sizeof(float),
            W = (float*)memory.BF16(steps * outputs * 2, seed: 17), Steps = steps, Tiles = tiles,
            Sums = memory.Floats(Math.Max(joined, 1) * tiles * rows * outputs, seed: 18), SumsStride = joined * rows * outputs * sizeof(float),
            Joined = joined, Y = memory.Floats(tiles * rows * outputs, seed: 19), YStride = outputs * sizeof(float), YTileStride = rows * outputs * sizeof(float),
        };
        memory.CheckBothWays(BF16TurnedWriter.Write, &arguments, sizeof(TurnedDotArguments));
    }

    [Test]
    public void ByteProducts_SameBits([Values] Int8Layout layout, [Values(1, 5, Int8KernelWriter.MostRows)] int rows)
    {
        const int blocks = 3;
        using GuardedMemory memory = new();
        Int8Arguments arguments = new()
        {
            X = (byte*)memory.Floats(blocks * rows * Int8KernelWriter.RowBlockBytes(layout) / 4, seed: 2),
            W = (byte*)memory.Floats(blocks * Int8KernelWriter.PanelBlockBytes(layout) / 4, seed: 3),
            Blocks = blocks, Tiles = 1, Y = memory.Floats(rows * Int8KernelWriter.Outputs, seed: 4), YStride = Int8KernelWriter.Outputs * sizeof(float),
            IsContinued = 1,
        };
        memory.CheckBothWays(a => Int8KernelWriter.Tiles(a, rows, layout), &arguments, sizeof(Int8Arguments));
    }

    [Test]
    public void AttentionProducts_SameBits([Values(1, 3, 6)] int rows, [Values(1, 4)] int vectors, [Values] bool isSums)
    {
        const int pairs = 5, blocks = 2;
        using GuardedMemory memory = new();
        ProductBlock* list = (ProductBlock*)memory.Bytes(blocks * sizeof(ProductBlock));
        for (int i = 0; i < blocks; i++)
        {
            list[i] = new ProductBlock
            {
                B = (byte*)memory.BF16(pairs * 2 * vectors * 16, seed: 5 + i), Pairs = pairs, Offset = isSums ? i * pairs * 4 : i * vectors * 64,
            };
        }

        ProductArguments arguments = new()
        {
            A = (byte*)memory.BF16(2 * rows * pairs * 2 * blocks, seed: 9), AStride = pairs * 4 * blocks, Blocks = list, BlockCount = blocks, BStride = vectors * 64,
            C = memory.Floats(2 * rows * vectors * 16 * blocks, seed: 10), CStride = vectors * 64 * blocks, Factors = memory.Floats(2 * rows, seed: 11), RowGroups = 2,
        };
        memory.CheckBothWays(
            a => (isSums ? (Action<Assembler, int, int>)AttentionKernelWriter.Sums : AttentionKernelWriter.Scores)(a, rows, vectors), &arguments, sizeof(ProductArguments));
    }

    [Test]
    public void Softmax_SameBits()
    {
        const int rows = 5, steps = 3;
        using GuardedMemory memory = new();
        SoftmaxArguments arguments = new()
        {
            Scores = memory.Floats(rows * steps * 32, seed: 12), ScoreStride = steps * 128,
            Weights = memory.Bytes(rows * steps * 64), WeightStride = steps * 64, Steps = steps, Rows = rows,
            Max = memory.Floats(rows, seed: 13), Denominators = memory.Floats(rows, seed: 14), Factors = memory.Floats(rows, seed: 15),
            Constants = SoftmaxConstants.Place(),
        };
        new Span<float>(arguments.Scores, 40).Fill(float.NegativeInfinity);
        arguments.Max[0] = float.NegativeInfinity;
        memory.Allow((byte*)arguments.Constants, sizeof(SoftmaxConstants));
        memory.CheckBothWays(SoftmaxKernelWriter.Write, &arguments, sizeof(SoftmaxArguments));
    }
}
