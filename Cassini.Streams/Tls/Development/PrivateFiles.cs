using System.Text;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Tls.Development;

/// <summary>Writes files atomically, and secrets that other users could never read.</summary>
internal static class PrivateFiles
{
    public static void Write(string path, string text, bool isPrivate)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite
                | (isPrivate ? UnixFileMode.None : UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        var temporary = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(Encoding.ASCII.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            // A secret must never overwrite another.
            File.Move(temporary, path, overwrite: !isPrivate);
        }
        catch (UnauthorizedAccessException failure)
        {
            File.Delete(temporary);
            throw new UnauthorizedAccessException(Problem(failure), failure);
        }
        catch (IOException failure)
        {
            File.Delete(temporary);
            throw new IOException(Problem(failure), failure);
        }

        string Problem(Exception failure) => $"{path}: {FileProblem.OfWriting(failure, path, isNew: isPrivate)}";
    }
}
