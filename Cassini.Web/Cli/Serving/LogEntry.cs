namespace Cassini.Web.Cli.Serving;

/// <summary>An entry of the log, before it is text.</summary>
/// <param name="Time">When it was logged.</param>
/// <param name="Level">Its level.</param>
/// <param name="Category">The full name of what logged it.</param>
/// <param name="Id">Its event id; 0 for none.</param>
/// <param name="Message">The message.</param>
internal readonly record struct LogEntry(DateTimeOffset Time, LogLevel Level, string Category, int Id, string Message)
{
    /// <summary>The exception that it is about; null for none.</summary>
    public Exception? Exception { get; init; }

    /// <summary>The values in the message, by name; null for none.</summary>
    public IEnumerable<KeyValuePair<string, object?>>? Values { get; init; }

    /// <summary>The time as both forms of the log write it: UTC, with milliseconds.</summary>
    public string Timestamp => Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
}
