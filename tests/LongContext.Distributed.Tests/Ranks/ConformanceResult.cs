using NUnit.Framework.Interfaces;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>One test of the suite on one rank.</summary>
internal sealed record ConformanceResult(string Name, TestStatus Status, string? Message, double Seconds);
