namespace Cassini.Streams.Broker.Model;

/// <summary>Keeps nothing: the broker's state ends with the process.</summary>
internal sealed class NoStore : IBrokerStore
{
    public static readonly NoStore Instance = new();

    private NoStore()
    {
    }

    public ValueTask<BrokerState> LoadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(new BrokerState([], []));

    public void PutSession(SessionRecord session)
    {
    }

    public void DeleteSession(string clientId)
    {
    }

    public void PutSubscription(string clientId, SubscriptionRecord subscription)
    {
    }

    public void DeleteSubscription(string clientId, string filter)
    {
    }

    public void PutMessage(string clientId, QueuedMessage message)
    {
    }

    public void PutDelivery(string clientId, long sequence, ushort packetId, DeliveryState state)
    {
    }

    public void DeleteMessage(string clientId, long sequence)
    {
    }

    public void PutReceived(string clientId, ushort packetId)
    {
    }

    public void DeleteReceived(string clientId, ushort packetId)
    {
    }

    public void PutRetained(StoredMessage message)
    {
    }

    public void DeleteRetained(string topic)
    {
    }

    public ValueTask CommitAsync() => ValueTask.CompletedTask;
}
