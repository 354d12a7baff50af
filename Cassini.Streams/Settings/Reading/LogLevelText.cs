using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Settings.Reading;

/// <summary>Log levels as people write them: as .NET names them, and as most other programs do.</summary>
internal static class LogLevelText
{
    /// <summary>The shortest word of each level.</summary>
    public static readonly IReadOnlyList<string> Words = ["trace", "debug", "info", "warn", "error", "critical", "off"];

    public static bool TryParse(string text, out LogLevel level)
    {
        LogLevel? found = text.ToLowerInvariant() switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "info" or "information" => LogLevel.Information,
            "warn" or "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            "critical" or "fatal" => LogLevel.Critical,
            "off" or "none" => LogLevel.None,
            _ => null,
        };
        level = found ?? default;
        return found is not null;
    }
}
