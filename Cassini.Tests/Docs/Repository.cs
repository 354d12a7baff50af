namespace Cassini.Tests.Docs;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    private static string Find(string directory) => File.Exists(Path.Combine(directory, "Cassini.sln"))
        ? directory
        : Find(Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("There is no Cassini.sln above the tests."));
}
