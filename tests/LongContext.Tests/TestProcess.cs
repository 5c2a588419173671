using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace LongContext.Tests;

/// <summary>Some of these tests again, in a process of their own.</summary>
internal static partial class TestProcess
{
    /// <summary>Set in every child, so that no test starts its own parent.</summary>
    private const string Variable = "LONGCONTEXT_TESTS_CHILD";

    /// <summary>Of more tests than this the adapter runs all, whatever the filter; 2,000 if not set.</summary>
    private const int MostTests = 1_000_000;

    /// <summary>Whether this process is such a child.</summary>
    internal static bool IsChild => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Runs the tests that a filter finds, with more environment variables (name, value); fails with the child's output if one of them fails.</summary>
    /// <returns>How many passed.</returns>
    internal static int Run(string filter, params (string Name, string Value)[] variables)
    {
        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList = { "vstest", typeof(TestProcess).Assembly.Location, $"--TestCaseFilter:{filter}", "--", $"NUnit.AssemblySelectLimit={MostTests}" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = "1" },
        };
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.That(child.ExitCode, Is.Zero, $"{string.Join(' ', variables)}: {output}{errors.Result}");
        Match passed = Passed().Match(output);
        return passed.Success ? int.Parse(passed.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"Passed:\s+(\d+)")]
    private static partial Regex Passed();
}
