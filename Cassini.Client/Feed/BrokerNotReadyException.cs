using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>Why a wait for a broker ended without success.</summary>
public enum NotReadyCause
{
    /// <summary>The timeout expired.</summary>
    TimedOut,

    /// <summary>The broker gave up on a core component: it will not be ready until an operator acts.</summary>
    GaveUp,

    /// <summary>The broker does not accept the credentials.</summary>
    Refused,

    /// <summary>The broker is on its own, and a fleet of several nodes was waited for.</summary>
    NoFleet,
}

/// <summary>A wait for a broker ended without success. The message has the reasons.</summary>
public sealed class BrokerNotReadyException : Exception
{
    internal BrokerNotReadyException(NotReadyCause cause, NodeHealth node, string message)
        : base(message)
    {
        Cause = cause;
        Management = node.Management;
        Last = node.Snapshot;
    }

    /// <summary>The broker; of several, the first that did not meet the condition.</summary>
    public Uri Management { get; }

    /// <summary>Why the wait ended.</summary>
    public NotReadyCause Cause { get; }

    /// <summary>The last known health: status, phase, and the checks with their reasons. Unknown when the feed is lost.</summary>
    public HealthSnapshot Last { get; }
}
