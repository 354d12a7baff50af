namespace Cassini.Streams.Primitives;

/// <summary>
/// Reads whole files of a limited size. The limit holds whatever length a file reports: a device reports 0 and need not end.
/// </summary>
internal static class WholeFile
{
    private const int FirstBuffer = 64 << 10;

    /// <summary>The content. Any thread.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="most">How many bytes are allowed.</param>
    /// <exception cref="FileTooLargeException">It has more.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a directory.</exception>
    public static byte[] Read(string path, int most)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var expected = stream.CanSeek ? stream.Length : 0;
        if (expected > most)
        {
            throw new FileTooLargeException(most);
        }

        // One byte more than is expected finds the end without a larger buffer.
        var buffer = new byte[expected > 0 ? expected + 1 : Math.Min(FirstBuffer, most + 1L)];
        var length = 0;
        while (stream.Read(buffer, length, buffer.Length - length) is var read and > 0)
        {
            length += read;
            if (length > most)
            {
                throw new FileTooLargeException(most);
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, most + 1L));
            }
        }

        Array.Resize(ref buffer, length);
        return buffer;
    }
}
