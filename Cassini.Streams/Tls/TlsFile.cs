using System.Security.Cryptography;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Tls;

/// <summary>One configured file, read as a whole, so that the same bytes are hashed and parsed.</summary>
internal sealed record TlsFile(CertificateRole Role, string Setting, string Path, byte[] Content)
{
    private const long MaxLength = 64 << 20;

    public string Text => Encoding.UTF8.GetString(Content).TrimStart('\uFEFF');

    /// <exception cref="TlsConfigurationException">The file cannot be read.</exception>
    public static TlsFile Read(CertificateRole role, string setting, string path)
    {
        try
        {
            // Before it is opened: that would wait for the writer of a pipe, and no later reload would come.
            if (RegularFile.IsPipe(path) || Directory.Exists(path))
            {
                throw new TlsConfigurationException(role, setting, path, RegularFile.Problem(path) ?? FileProblem.IsDirectory);
            }

            // Opened by name each time, because a Kubernetes mount swaps the symlink behind the name.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!stream.CanSeek || stream.Length > MaxLength)
            {
                throw new TlsConfigurationException(role, setting, path, $"is not a regular file of at most {MaxLength >> 20} MiB");
            }

            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return new TlsFile(role, setting, path, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new TlsConfigurationException(role, setting, path, FileProblem.Of(e, path), e);
        }
    }

    public TlsConfigurationException Error(string problem, Exception? cause = null) => new(Role, Setting, Path, problem, cause);

    public TlsConfigurationException ErrorAt(int line, string problem, Exception? cause = null) =>
        new(Role, Setting, Path, problem, cause, line);

    public void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(BitConverter.GetBytes(Content.LongLength));
        hash.AppendData(Content);
    }
}
