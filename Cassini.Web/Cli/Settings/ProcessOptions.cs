using Cassini.Management.Http;
using Cassini.Management.Telemetry;
using Cassini.Streams.Settings;

namespace Cassini.Web.Cli.Settings;

/// <summary>The settings that <c>serve</c> has beside those of the broker, in the same tree.</summary>
internal sealed record ProcessOptions : IOptionsRecord
{
    /// <summary>The management HTTP surface.</summary>
    public ManagementOptions Management { get; init; } = new();

    /// <summary>The export of traces and metrics.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>The log of the process.</summary>
    public LoggingOptions Logging { get; init; } = new();

    /// <summary>
    /// The directory for files that Cassini creates: development certificates, and the history. Without it: the user's data
    /// directory.
    /// </summary>
    [Form("directory")]
    public string? DataDirectory { get; init; }
}
