using LongContext.Tensors;
using NUnit.Framework;

namespace LongContext.Tests.Tensors;

[TestFixture]
internal sealed class BlockFormatTests
{
    [TestCase(DType.Q8_0, 64, 68)]
    [TestCase(DType.Q6_K, 512, 420)]
    [TestCase(DType.BF16, 3, 6)]
    public void ByteCount_WholeBlocks_IsBlocksTimesBytes(DType type, long elements, long expected)
    {
        Assert.That(BlockFormat.Of(type).ByteCount(elements), Is.EqualTo(expected));
    }
}
