namespace Cassini.Web.Cli.Serving;

/// <summary>A level of the log that is in force for a while.</summary>
/// <param name="Level">The level.</param>
/// <param name="Category">The beginning of the names of the loggers that it is for; null for all without a level of their own.</param>
/// <param name="Until">When it ends.</param>
internal sealed record PassingLogLevel(LogLevel Level, string? Category, DateTimeOffset Until)
{
    /// <summary>Ends it. Whoever takes its place disposes it.</summary>
    public ITimer? Timer { get; set; }
}
