using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;

namespace Cassini.Tests.Broker;

/// <summary>Keeps the broker's state in memory: a broker that is made over the same store goes on where the last one ended.</summary>
internal sealed class InMemoryStore : IBrokerStore
{
    private readonly ConcurrentDictionary<string, Kept> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StoredMessage> _retained = new(StringComparer.Ordinal);

    /// <summary>Runs when a session is stored.</summary>
    public Action PuttingSession { get; set; } = () => { };

    /// <summary>Runs when a subscription is stored.</summary>
    public Action PuttingSubscription { get; set; } = () => { };

    /// <summary>Runs when the progress of a delivery is stored.</summary>
    public Action PuttingDelivery { get; set; } = () => { };

    /// <summary>What a commit waits for.</summary>
    public Func<Task> Committing { get; set; } = () => Task.CompletedTask;

    public ValueTask<BrokerState> LoadAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(new BrokerState([.. _sessions.Values.Select(kept => kept.ToState())], [.. _retained.Values]));

    public void PutSession(SessionRecord session)
    {
        PuttingSession();
        _sessions.AddOrUpdate(
            session.ClientId,
            static (_, session) => new Kept(session),
            static (_, kept, session) =>
            {
                kept.Session = session;
                return kept;
            },
            session);
    }

    public void DeleteSession(string clientId) => _sessions.TryRemove(clientId, out _);

    public void PutSubscription(string clientId, SubscriptionRecord subscription)
    {
        PuttingSubscription();
        Change(clientId, kept => kept.Subscriptions[subscription.Filter] = subscription);
    }

    public void DeleteSubscription(string clientId, string filter) => Change(clientId, kept => kept.Subscriptions.Remove(filter));

    public void PutMessage(string clientId, QueuedMessage message) =>
        Change(clientId, kept => kept.Messages[message.Sequence] = (message, 0, DeliveryState.Done));

    public void PutDelivery(string clientId, long sequence, ushort packetId, DeliveryState state)
    {
        PuttingDelivery();
        Change(clientId, kept =>
        {
            if (kept.Messages.TryGetValue(sequence, out var known))
            {
                kept.Messages[sequence] = (known.Message, packetId, state);
            }
        });
    }

    public void DeleteMessage(string clientId, long sequence) => Change(clientId, kept => kept.Messages.Remove(sequence));

    public void PutReceived(string clientId, ushort packetId) => Change(clientId, kept => kept.Received.Add(packetId));

    public void DeleteReceived(string clientId, ushort packetId) => Change(clientId, kept => kept.Received.Remove(packetId));

    public void PutRetained(StoredMessage message) => _retained[message.Topic.Name] = message;

    public void DeleteRetained(string topic) => _retained.TryRemove(topic, out _);

    public ValueTask CommitAsync() => new(Committing());

    private void Change(string clientId, Action<Kept> change)
    {
        if (_sessions.TryGetValue(clientId, out var kept))
        {
            lock (kept.Gate)
            {
                change(kept);
            }
        }
    }

    private sealed class Kept(SessionRecord session)
    {
        public Lock Gate { get; } = new();

        public SessionRecord Session { get; set; } = session;

        public Dictionary<string, SubscriptionRecord> Subscriptions { get; } = [];

        public Dictionary<long, (QueuedMessage Message, ushort PacketId, DeliveryState State)> Messages { get; } = [];

        public HashSet<ushort> Received { get; } = [];

        public SessionState ToState()
        {
            lock (Gate)
            {
                return new SessionState(
                    Session,
                    [.. Subscriptions.Values],
                    [.. Messages.OrderBy(pair => pair.Key).Select(pair => pair.Value)],
                    [.. Received]);
            }
        }
    }
}
