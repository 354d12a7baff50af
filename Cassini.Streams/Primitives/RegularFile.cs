namespace Cassini.Streams.Primitives;

/// <summary>
/// Whether something may be opened as a file. Opening a pipe waits until another program opens it too, and is deaf to signals meanwhile.
/// </summary>
internal static class RegularFile
{
    /// <summary>What is wrong with it.</summary>
    /// <param name="path">The full path.</param>
    /// <returns>The end of a sentence that begins with the path; null for a file, a link to one, and when there is nothing.</returns>
    public static string? Problem(string path) => FileFacts.Of(path)?.Kind switch
    {
        FileKind.Pipe => "is a pipe, not a file",
        FileKind.Socket => "is a socket, not a file",
        FileKind.CharacterDevice or FileKind.BlockDevice => "is a device, not a file",
        _ when Directory.Exists(path) => FileProblem.IsDirectory,
        null => ProblemOfLink(path),
        _ => null,
    };

    /// <remarks>A link to nothing exists, says <see cref="File.Exists"/>.</remarks>
    private static string? ProblemOfLink(string path)
    {
        var target = new FileInfo(path).LinkTarget;
        return target is not null && File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: false }
            ? $"is a symbolic link to {target}, which is not there"
            : null;
    }

    /// <summary>Whether opening it may wait for another program.</summary>
    /// <param name="path">The full path.</param>
    public static bool IsPipe(string path) => FileFacts.Of(path)?.Kind is FileKind.Pipe;
}
