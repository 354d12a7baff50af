using Cassini.Streams.Events;

namespace Cassini.Streams.Tls;

/// <summary>
/// The configured TLS files cannot be used. The message is one line that names the setting, the file, its line where that is known, and
/// the problem.
/// </summary>
public sealed class TlsConfigurationException : Exception
{
    internal TlsConfigurationException(
        CertificateRole role, string setting, string path, string problem, Exception? cause = null, int? line = null)
        : base(line is null ? $"{setting}: {path}: {problem}" : $"{setting}: {path}:{line}: {problem}", cause)
    {
        Role = role;
        Setting = setting;
        Path = path;
        Problem = line is null ? problem : $"line {line}: {problem}";
        SameProblem = Message;
    }

    /// <summary>What the file is for.</summary>
    public CertificateRole Role { get; }

    /// <summary>The file, as configured.</summary>
    public string Path { get; }

    /// <summary>The key of the setting, with which the message begins.</summary>
    internal string Setting { get; }

    /// <summary>What is wrong with the file, without its name.</summary>
    internal string Problem { get; }

    /// <summary>The message without the time of the read, so that two reads of the same bad file compare equal.</summary>
    internal string SameProblem { get; init; }

    /// <summary>From when on the file can be used, when its certificate is only not valid yet; null when time mends nothing.</summary>
    internal DateTimeOffset? UsableFrom { get; init; }
}
