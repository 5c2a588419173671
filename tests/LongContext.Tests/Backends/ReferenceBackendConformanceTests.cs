using LongContext.Backends;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

[TestFixture]
internal sealed class ReferenceBackendConformanceTests : BackendConformance
{
    protected override IBackend Create() => new ReferenceBackend();
}
