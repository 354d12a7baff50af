using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>Keeps nothing: the broker's state ends with the process.</summary>
internal sealed class NoStore : IBrokerStore
{
    public static readonly NoStore Instance = new();

    private NoStore()
    {
    }

    public Durability Durability { get; } = new();

    public string? Refusal => null;

    public long Capacity => 0;

    public ValueTask<BrokerState> LoadAsync(long maxQueuedInMemory, CancellationToken cancellationToken) =>
        ValueTask.FromResult(BrokerState.Empty);

    public ISessionStore OpenSession(SessionRecord session) => NoSessionStore.Instance;

    public long PutWill(WillRecord will) => 0;

    public void DeleteWill(long number)
    {
    }

    public void PutRetained(StoredMessage message, string identity, RetainedStamp stamp)
    {
    }

    public void DeleteRetained(byte[] topic, RetainedStamp stamp)
    {
    }

    public void PutRetainedFloor(RetainedStamp floor)
    {
    }

    public bool WantsRewrite(long live) => false;

    public void BeginRewrite()
    {
    }

    public ValueTask EndRewriteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public StoreUnit BeginUnit() => default;

    public void EndUnit()
    {
    }
}
