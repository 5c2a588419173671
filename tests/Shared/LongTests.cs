using NUnit.Framework;

namespace LongContext.Tests.Shared;

/// <summary>Tests that take minutes run on demand only: LONGCONTEXT_LONG_TESTS=1.</summary>
internal static class LongTests
{
    internal const string Variable = "LONGCONTEXT_LONG_TESTS";

    internal static bool AreWanted => Environment.GetEnvironmentVariable(Variable) is not (null or "");

    /// <summary>Ignores the running test unless they are wanted.</summary>
    internal static void Require()
    {
        if (!AreWanted)
        {
            Assert.Ignore($"On demand: set {Variable}=1.");
        }
    }
}
