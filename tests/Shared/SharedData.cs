using NUnit.Framework;

namespace LongContext.Tests.Shared;

/// <summary>The reference data beside the checkout; tests that need it are ignored where it is absent.</summary>
internal static class SharedData
{
    /// <summary>The repository's root: the folder of LongContext.sln.</summary>
    internal static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The data folder, or null.</summary>
    internal static string? Root { get; } = FindData();

    /// <summary>The path of a file or folder of the reference data; ignores the running test if it is not there.</summary>
    internal static string Require(string relativePath)
    {
        string path = Path.Combine(Root ?? "", relativePath);
        if (Root is null || !(File.Exists(path) || Directory.Exists(path)))
        {
            Assert.Ignore($"Reference data '{relativePath}' is absent (set LONGCONTEXT_SHARED_DATA to its folder).");
        }

        return path;
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LongContext.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }

    private static string? FindData()
    {
        string? path = Environment.GetEnvironmentVariable("LONGCONTEXT_SHARED_DATA");
        path = string.IsNullOrEmpty(path) ? Path.Combine(RepositoryRoot, "..", "shared", "data") : path;
        return Directory.Exists(path) ? Path.GetFullPath(path) : null;
    }
}
