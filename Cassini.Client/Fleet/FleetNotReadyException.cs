using Cassini.Streams.Feed;

namespace Cassini.Streams.Fleet;

/// <summary>A wait for a fleet ended without success. The message has the reasons.</summary>
public sealed class FleetNotReadyException : Exception
{
    internal FleetNotReadyException(NotReadyCause cause, FleetSnapshot last, string why, string? message = null)
        : base(message ?? why) => (Cause, Last, Why) = (cause, last, why);

    /// <summary>Why the wait ended.</summary>
    public NotReadyCause Cause { get; }

    /// <summary>What was missing, without how long it was waited for: one line.</summary>
    public string Why { get; }

    /// <summary>What was known last. Unknown when no address answered.</summary>
    public FleetSnapshot Last { get; }
}
