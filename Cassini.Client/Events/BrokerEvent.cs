namespace Cassini.Streams.Events;

/// <summary>
/// Something that happened in the broker, named in the past tense. Events are plain immutable data, without live objects or secrets.
/// The hierarchy is closed: all events are defined in this assembly.
/// </summary>
public abstract record BrokerEvent
{
    private protected BrokerEvent()
    {
    }

    /// <summary>The family of the event, used by <c>/events?types=</c>.</summary>
    public abstract EventCategory Category { get; }
}

/// <summary>The families of events. Their lower-case names are the values of <c>/events?types=</c>.</summary>
public enum EventCategory
{
    /// <summary>Endpoints: bound, failed to bind, closed, failing to accept.</summary>
    Listener,

    /// <summary>Connections from accept to their one terminal event.</summary>
    Connection,

    /// <summary>Sessions: opened, closed and ended; clients that were refused or denied a topic; and what operators ended.</summary>
    Session,

    /// <summary>Crashes and restarts of supervised components, and supervisors that gave up.</summary>
    Supervision,

    /// <summary>Heartbeats, accept probes and the canary.</summary>
    Probing,

    /// <summary>Certificates and revocation lists.</summary>
    Certificate,

    /// <summary>Topics.</summary>
    Topic,

    /// <summary>Sampled load.</summary>
    Load,

    /// <summary>Phases of the process.</summary>
    Lifecycle,

    /// <summary>Transitions of health checks.</summary>
    Health,

    /// <summary>The durable store fails, and works again.</summary>
    Store,

    /// <summary>The fleet of brokers: its bus, and its other nodes.</summary>
    Cluster,
}
