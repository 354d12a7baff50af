using Cassini.Streams.Hosting;

namespace Cassini.Web.Cli.Settings;

/// <summary>The checked settings of <c>serve</c>.</summary>
internal sealed record ServeSettings
{
    /// <summary>The broker's, with the certificate files chosen.</summary>
    public required CassiniOptions Options { get; init; }

    public required ProcessOptions Process { get; init; }

    /// <summary>Where development certificates are made and kept; null when TLS is configured.</summary>
    public string? DevelopmentCertificates { get; init; }

    /// <summary>Levels of the log for single categories, from the settings file.</summary>
    public IReadOnlyDictionary<string, LogLevel> LogLevels { get; init; } = new Dictionary<string, LogLevel>();

    /// <summary>Where each setting comes from, for errors that show only at the start; a default is not in it.</summary>
    public IReadOnlyDictionary<string, string> Origins { get; init; } = new Dictionary<string, string>();

    /// <summary>Warnings to write before the start; none of them is an error.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
