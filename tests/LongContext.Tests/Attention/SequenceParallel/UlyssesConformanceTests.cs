using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Attention.SequenceParallel;

[TestFixture]
internal sealed class UlyssesConformanceTests : SequenceParallelConformance
{
    protected override AttentionMethod Method => AttentionMethod.Ulysses;

    protected override bool DividesHeads => true;
}
