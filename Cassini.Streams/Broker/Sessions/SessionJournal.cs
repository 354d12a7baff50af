using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// Puts the changes of one session into the store for as long as the session is one that outlives its connections. Belongs to the
/// session's lock, so that the changes arrive in their order.
/// </summary>
internal sealed class SessionJournal(IBrokerStore store, string clientId)
{
    private bool _isOpen;

    /// <summary>The session was opened, or its expiry interval has changed: from now on it is kept, unless that is 0.</summary>
    public void PutExpiry(string identity, uint seconds)
    {
        if (seconds == 0)
        {
            DeleteSession();
            return;
        }

        _isOpen = true;
        store.PutSession(new SessionRecord(clientId, identity, seconds));
    }

    /// <summary>The store has the session already.</summary>
    public void Restore() => _isOpen = true;

    /// <summary>The session has ended, or ends with its connection from now on: it is not kept any more.</summary>
    public void DeleteSession()
    {
        if (_isOpen)
        {
            store.DeleteSession(clientId);
            _isOpen = false;
        }
    }

    public void PutSubscription(Subscription subscription)
    {
        if (_isOpen)
        {
            store.PutSubscription(clientId, new SubscriptionRecord(
                subscription.Filter, subscription.QoS, subscription.NoLocal,
                subscription.RetainAsPublished, [.. subscription.Identifiers]));
        }
    }

    public void DeleteSubscription(string filter)
    {
        if (_isOpen)
        {
            store.DeleteSubscription(clientId, filter);
        }
    }

    public void PutMessage(in QueuedMessage message)
    {
        if (_isOpen)
        {
            store.PutMessage(clientId, message);
        }
    }

    public void PutDelivery(long sequence, ushort packetId, DeliveryState state)
    {
        if (_isOpen)
        {
            store.PutDelivery(clientId, sequence, packetId, state);
        }
    }

    public void DeleteMessage(long sequence)
    {
        if (_isOpen)
        {
            store.DeleteMessage(clientId, sequence);
        }
    }

    public void PutReceived(ushort packetId)
    {
        if (_isOpen)
        {
            store.PutReceived(clientId, packetId);
        }
    }

    public void DeleteReceived(ushort packetId)
    {
        if (_isOpen)
        {
            store.DeleteReceived(clientId, packetId);
        }
    }
}
