using System.Reflection;
using LongContext.PublicApi.Tests.Printing;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.PublicApi.Tests;

/// <summary>Each package's public surface is what Approved/ says. To approve a change, let the received file take the approved one's place.</summary>
[TestFixture]
internal sealed class ApprovedApiTests
{
    private static readonly string Folder = Path.Combine(
        SharedData.RepositoryRoot, "tests", "LongContext.PublicApi.Tests", "Approved");

    [TestCase("LongContext")]
    [TestCase("LongContext.Distributed")]
    [TestCase("LongContext.Extensions.AI")]
    [TestCase("LongContext.Ilgpu")]
    [TestCase("LongContext.Tokenizers.MicrosoftML")]
    public void Surface_OfThePackage_IsTheApprovedOne(string name)
    {
        Assembly assembly = Assembly.Load(name);
        if (assembly.GetExportedTypes().Length == 0)
        {
            Assert.Ignore($"{name} was built empty: its optional package is absent.");
        }

        string received = ApiPrinter.Print(assembly);
        string approvedPath = Path.Combine(Folder, $"{name}.txt");
        string receivedPath = Path.Combine(Folder, $"{name}.received.txt");
        string approved = File.Exists(approvedPath) ? File.ReadAllText(approvedPath).ReplaceLineEndings("\n") : "";
        if (received == approved)
        {
            File.Delete(receivedPath);
            return;
        }

        File.WriteAllText(receivedPath, received);
        Assert.Fail($"The public surface of {name} has changed. If that is wanted, move\n  {receivedPath}\nto\n  {approvedPath}\n\n{Difference(approved, received)}");
    }

    /// <summary>Lines lost and gained; a surface is a set of lines under each type.</summary>
    private static string Difference(string approved, string received)
    {
        string[] before = Qualified(approved);
        string[] after = Qualified(received);
        return string.Join('\n', before.Except(after).Select(l => "- " + l).Concat(after.Except(before).Select(l => "+ " + l)));
    }

    /// <summary>Each member's line with its type's before it, so that equal members of two types differ.</summary>
    private static string[] Qualified(string surface)
    {
        string type = "";
        List<string> lines = [];
        foreach (string line in surface.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(' '))
            {
                lines.Add($"{type}: {line.Trim()}");
            }
            else
            {
                type = line;
                lines.Add(line);
            }
        }

        return [.. lines];
    }
}
