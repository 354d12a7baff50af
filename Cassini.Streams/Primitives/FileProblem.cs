namespace Cassini.Streams.Primitives;

/// <summary>
/// Why a file cannot be read, for people. The words of the library repeat its path, and blame permissions when it is a directory.
/// </summary>
internal static class FileProblem
{
    public const string IsDirectory = "is a directory, not a file";

    /// <summary>The end of a sentence that begins with the path.</summary>
    /// <param name="failure">What reading threw.</param>
    /// <param name="path">The full path.</param>
    public static string Of(Exception failure, string path) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => "no such file",
        _ when Directory.Exists(path) => IsDirectory,
        UnauthorizedAccessException => "no permission to read it",
        FileTooLargeException => failure.Message,
        EndOfStreamException => "shrank while it was read",
        _ => $"cannot be read: {failure.Message}",
    };
}
