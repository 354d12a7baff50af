using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Replaying;

/// <summary>The result of a whole replay.</summary>
internal sealed record ReplaySummary
{
    public required long Segments { get; init; }

    public required long Events { get; init; }

    /// <summary>Recorded time, without what lies between segments.</summary>
    public required TimeSpan Span { get; init; }

    public required long Problems { get; init; }

    /// <summary>Recorded transitions that replaying does not give, or the other way round.</summary>
    public required long Differences { get; init; }

    /// <summary>Whether the record ended before the limit that was asked for.</summary>
    public required bool EndedEarly { get; init; }

    public required ReplaySide Then { get; init; }

    /// <summary>The same under the other policy; null when there is none.</summary>
    public required ReplaySide? Other { get; init; }

    /// <summary>Rows in which the two differ.</summary>
    public required long DifferingRows { get; init; }
}

/// <summary>The result under one policy.</summary>
internal sealed record ReplaySide(HealthSnapshot Last, long Transitions, StatusTimes Times);
