using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>Keeps nothing of a session.</summary>
internal sealed class NoSessionStore : ISessionStore
{
    public static readonly NoSessionStore Instance = new();

    private NoSessionStore()
    {
    }

    public long LastTicket => 0;

    public bool GivesBack => false;

    public StoredPlace LastPlace => throw new InvalidOperationException("It keeps nothing.");

    public ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(
        Func<StoredCopy[]> wanted, int attempts, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("It keeps nothing.");

    public void BeginRewrite(SessionRecord session, bool isConnected, TimeSpan since)
    {
    }

    public void PutAgain(in QueuedMessage message, ushort packetId, DeliveryState state)
    {
    }

    public void AbandonRewrite()
    {
    }

    public void Put(SessionRecord session)
    {
    }

    public void PutPresence(bool isConnected)
    {
    }

    public void BeginEnd()
    {
    }

    public void End()
    {
    }

    public void PutSubscription(SubscriptionRecord subscription)
    {
    }

    public void DeleteSubscription(string filter)
    {
    }

    public void EndRetained(string filter)
    {
    }

    public void PutMessage(in QueuedMessage message)
    {
    }

    public void PutDelivery(long sequence, ushort packetId, DeliveryState state)
    {
    }

    public void DeleteMessage(long sequence)
    {
    }

    public void PutReceived(ushort packetId)
    {
    }

    public void DeleteReceived(ushort packetId)
    {
    }
}
