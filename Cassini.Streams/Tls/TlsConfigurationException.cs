using Cassini.Streams.Events;

namespace Cassini.Streams.Tls;

/// <summary>The configured TLS files cannot be used. The message is one line that names the setting, the file and the problem.</summary>
public sealed class TlsConfigurationException : Exception
{
    internal TlsConfigurationException(CertificateRole role, string setting, string path, string problem, Exception? cause = null)
        : base($"{setting}: {path}: {problem}", cause)
    {
        Role = role;
        Path = path;
    }

    /// <summary>What the file is for.</summary>
    public CertificateRole Role { get; }

    /// <summary>The file, as configured.</summary>
    public string Path { get; }
}
