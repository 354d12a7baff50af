using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store;

/// <summary>A change that is not written yet. What the members mean depends on its type; those that it does not need are empty.</summary>
internal struct Change
{
    public RecordType Type;

    /// <summary>Of a copy: its delivery, as far as it has come in the same group.</summary>
    public DeliveryState State;

    /// <summary>Of a delivery, and of the first in a range.</summary>
    public ushort PacketId;

    /// <summary>The number of the session.</summary>
    public uint Session;

    /// <summary>How many there are in a range. Of a presence: 1 for a connection, 0 for none.</summary>
    public int Count;

    /// <summary>The sequence number of a copy, or of the first in a range; the number of a will; of a presence UTC in ms.</summary>
    public long Number;

    /// <summary>What it is about.</summary>
    public object? Subject;

    /// <summary>Of a copy.</summary>
    public QueuedMessage Copy;
}
