namespace Cassini.Streams.Events;

/// <summary>A topic was created.</summary>
/// <param name="Topic">Its name.</param>
public sealed record TopicCreated(string Topic) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Topic;
}

/// <summary>A topic was removed.</summary>
/// <param name="Topic">Its name.</param>
public sealed record TopicRemoved(string Topic) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Topic;
}

/// <summary>The load, sampled by a timer, because message traffic itself is never an event.</summary>
/// <param name="QueuedMessages">Messages accepted and not yet delivered.</param>
/// <param name="Connections">Open connections.</param>
/// <param name="BytesReceived">Application bytes read from clients since the epoch began.</param>
/// <param name="BytesSent">Application bytes written to clients since the epoch began.</param>
/// <param name="Topics">Topics in use; null when the host serves no MQTT.</param>
/// <param name="Dropped">Copies of messages dropped since the epoch began.</param>
public sealed record LoadSampled(
    long QueuedMessages, int Connections, long BytesReceived, long BytesSent, int? Topics = null, long Dropped = 0) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Load;

    /// <summary>Open sessions.</summary>
    public int Sessions { get; init; }

    /// <summary>How much of each limit is in use; null in the records of an older version.</summary>
    public Capacity? Capacity { get; init; }

    /// <summary>
    /// The identity for whose absent clients most messages wait; null when none wait for absent clients, and in a record of an older
    /// Cassini.
    /// </summary>
    public string? BacklogHolder { get; init; }

    /// <summary>How many of the queued messages wait for absent clients of <see cref="BacklogHolder"/>; 0 without one.</summary>
    public long BacklogHeld { get; init; }

    /// <summary>How the durable store does; null without one, and in a record of an older Cassini.</summary>
    public StoreLoad? Store { get; init; }

    /// <summary>Messages that clients published since the epoch began; null when the host serves no MQTT.</summary>
    public long? MessagesReceived { get; init; }

    /// <summary>Copies of messages written to clients since the epoch began; null when the host serves no MQTT.</summary>
    public long? MessagesSent { get; init; }

    /// <summary>What the process takes of its machine; null in a record of an older Cassini.</summary>
    public ProcessLoad? Process { get; init; }
}
