using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Attention.SequenceParallel;

[TestFixture]
internal sealed class UspConformanceTests : SequenceParallelConformance
{
    protected override AttentionMethod Method => AttentionMethod.Usp;
}
