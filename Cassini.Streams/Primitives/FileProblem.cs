namespace Cassini.Streams.Primitives;

/// <summary>
/// Why a file cannot be read or written, for people. The words of the library repeat its path, and blame permissions when it is a
/// directory.
/// </summary>
internal static class FileProblem
{
    public const string IsDirectory = "is a directory, not a file";
    private const string IsFile = "is a file, not a directory";

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

    /// <summary>The end of a sentence that begins with the path of a file that should be written.</summary>
    /// <param name="failure">What creating or writing it threw.</param>
    /// <param name="path">The full path.</param>
    /// <param name="isNew">Whether there should be no such file before.</param>
    public static string OfWriting(Exception failure, string path, bool isNew = false) => failure switch
    {
        _ when Directory.Exists(path) => IsDirectory,
        DirectoryNotFoundException when !Directory.Exists(Path.GetDirectoryName(path)) => "its directory does not exist",
        DirectoryNotFoundException or FileNotFoundException => "cannot be created there",
        UnauthorizedAccessException => "no permission to write it",
        IOException when isNew && File.Exists(path) => "exists already",
        _ => $"cannot be written: {failure.Message}",
    };

    /// <summary>A whole sentence about a directory that could not be created.</summary>
    /// <param name="failure">What creating threw.</param>
    /// <param name="path">The full path.</param>
    public static string OfNewDirectory(Exception failure, string path)
    {
        for (var above = path; above is not null; above = Path.GetDirectoryName(above))
        {
            if (File.Exists(above))
            {
                return $"{above}: {IsFile}";
            }
        }

        return $"{path}: " + failure switch
        {
            UnauthorizedAccessException => "no permission to create it",
            DirectoryNotFoundException or FileNotFoundException => "cannot be created there",
            _ => $"cannot be created: {failure.Message}",
        };
    }
}
