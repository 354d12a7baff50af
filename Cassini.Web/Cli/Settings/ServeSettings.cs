using Cassini.Streams.Hosting;

namespace Cassini.Web.Cli.Settings;

/// <summary>Everything that <c>serve</c> was told, checked.</summary>
internal sealed record ServeSettings
{
    public required CassiniOptions Options { get; init; }

    public required LoggingOptions Logging { get; init; }

    /// <summary>Where development certificates are made and kept; null when TLS is configured.</summary>
    public string? DevelopmentCertificates { get; init; }

    /// <summary>What is no error but should be said before the start.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
