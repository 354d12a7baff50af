using Cassini.Streams.Feed;

namespace Cassini.Streams.Fleet;

/// <summary>A wait for a fleet ended without success. The message has the reasons.</summary>
public sealed class FleetNotReadyException : Exception
{
    internal FleetNotReadyException(NotReadyCause cause, FleetSnapshot last, string message)
        : base(message) => (Cause, Last) = (cause, last);

    /// <summary>Why the wait ended.</summary>
    public NotReadyCause Cause { get; }

    /// <summary>What was known last. Unknown when no address answered.</summary>
    public FleetSnapshot Last { get; }
}
