namespace Cassini.Streams.Broker.Durable;

/// <summary>Where a change lies in the store: that is known when it is durable. Thread-safe.</summary>
internal sealed class StoredPlace
{
    private long _group;

    /// <summary>The number of its group; 0 while it is not durable.</summary>
    public long Group
    {
        get => Volatile.Read(ref _group);
        set => Volatile.Write(ref _group, value);
    }
}
