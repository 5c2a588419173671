using LongContext.Attention;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Attention;

[TestFixture]
internal sealed class FullAttentionConformanceTests : AttentionMethodConformance
{
    private protected override IAttentionMethod Create() => AttentionMethods.Create(AttentionMethod.Full);
}
