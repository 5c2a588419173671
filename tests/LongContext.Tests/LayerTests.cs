using System.Reflection.PortableExecutable;
using LongContext.Tests.Layers;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests;

/// <summary>The floors of docs/layers.md against the compiled assembly: a type uses its own folder and floors below, nothing else.</summary>
[TestFixture]
internal sealed class LayerTests
{
    /// <summary>The table of docs/layers.md. Folders that share a floor do not use each other.</summary>
    private static readonly Dictionary<string, int> Floors = new()
    {
        ["Face"] = 7, // InferenceSession and what stands beside it in the root folder
        ["Engine"] = 6,
        ["Training"] = 6,
        ["Models"] = 5,
        ["Scheduling"] = 5,
        ["Sampling"] = 5,
        ["Attention"] = 4,
        ["KVCache"] = 3,
        ["Tokenization"] = 3,
        ["Backends"] = 2,
        ["Planning"] = 3,
        ["Communication"] = 2,
        ["Loading"] = 2,
        ["Tensors"] = 1,
        ["Contracts"] = 0,
        ["Diagnostics"] = 0,
    };

    /// <summary>Types in the root namespace: plain data of Contracts/, or the face; the file's folder tells.</summary>
    private static readonly HashSet<string> ContractTypes = [.. Directory
        .EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "src", "LongContext", "Contracts"), "*.cs", SearchOption.AllDirectories)
        .Select(f => Path.GetFileNameWithoutExtension(f))];

    [Test]
    public void References_OfEveryType_PointDown()
    {
        List<string> violations = [];
        foreach (TypeUse use in Uses())
        {
            (string from, string to) = (Folder(use.From), Folder(use.To));
            if (from != to && Floors[to] >= Floors[from])
            {
                violations.Add($"{use.From} (floor {Floors[from]}) uses {use.To} (floor {Floors[to]})");
            }
        }

        Assert.That(violations, Is.Empty, "Arrows point down only: see docs/layers.md.");
    }

    [Test]
    public void Folders_OfTheAssembly_AreInTheTable()
    {
        Assert.That(Uses().SelectMany(u => new[] { Folder(u.From), Folder(u.To) }).Distinct(), Is.SubsetOf(Floors.Keys));
    }

    [Test]
    public void References_InMethodBodies_AreSeen()
    {
        // AttentionMethods.Create names FullAttention in its body only: a check that reads signatures alone would miss it.
        Assert.That(Uses(), Does.Contain(new TypeUse("LongContext.Attention.AttentionMethods", "LongContext.Attention.FullAttention")));
    }

    [Test]
    public void Picture_InTheDocs_ShowsTheTable()
    {
        string page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "layers.md"));
        foreach ((string folder, int floor) in Floors)
        {
            Assert.That(page, Does.Match($@"(?m)^\| {floor} \| [^|]*`{folder}/?`"), $"docs/layers.md does not show {folder} on floor {floor}.");
        }
    }

    private static List<TypeUse> Uses()
    {
        using FileStream file = File.OpenRead(typeof(InferenceSession).Assembly.Location);
        using PEReader assembly = new(file);
        return new TypeUseReader(assembly).Read();
    }

    private static string Folder(string type)
    {
        string[] parts = type.Split('.');
        return parts.Length > 2 ? parts[1] : ContractTypes.Contains(parts[1].Split('`')[0]) ? "Contracts" : "Face";
    }
}
