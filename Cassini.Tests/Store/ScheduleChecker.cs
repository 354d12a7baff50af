using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>
/// Knows what was acknowledged and what came, and says what contradicts MQTT. It is right whatever the order in which the broker does
/// things: what nobody was told of is never demanded. Each thing that it allows has its clause, or a promise of docs/extend/store.md.
/// </summary>
internal sealed class ScheduleChecker
{
    private readonly List<string> _trace = [];
    private readonly List<(int From, int? To)> _refusals = [];
    private readonly List<SentMessage> _messages = [];
    private readonly Dictionary<(SimulatedClient, int Session, int Number), int> _taken = [];
    private readonly HashSet<(SimulatedClient, int Session, int Number)> _takenOnce = [];
    private readonly Dictionary<(SimulatedClient, int Session, string), int> _last = [];
    private readonly Dictionary<(SimulatedClient, int Session, string Topic), int> _closed = [];
    private readonly Dictionary<SimulatedClient, int> _begun = [];

    public ScheduleChecker()
    {
        Wills = new WillChecker(this);
        Retained = new RetainedChecker(this);
        Share = new ShareChecker(this);
    }

    public WillChecker Wills { get; }

    public RetainedChecker Retained { get; }

    public ShareChecker Share { get; }

    /// <summary>The wall clock.</summary>
    public DateTimeOffset Now { get; set; }

    /// <summary>Grows with everything that happens.</summary>
    public int Step { get; private set; }

    /// <summary>The first thing that was wrong.</summary>
    public string? Failure { get; private set; }

    public string LastSteps => string.Join('\n', _trace.TakeLast(400));

    public void Trace(string what)
    {
        Step++;
        _trace.Add($"{Step} {what}");
    }

    public void Fail(string what)
    {
        Trace($"WRONG: {what}");
        Failure ??= what;
    }

    public void OnSent(SentMessage message, IEnumerable<KnownSubscription> subscriptions)
    {
        _messages.Add(message);
        message.Owed.AddRange(subscriptions.Where(one => one.IsAcknowledged && !one.HasEnded && one.Client.IsLasting && one.QoS > 0));
        Retained.OnSent(message);
        if (message.IsShared)
        {
            Share.OnSent(message);
        }
    }

    /// <summary>The store refuses messages from now on, or no more. Any thread.</summary>
    public void OnStoreEvent(BrokerEvent happened)
    {
        lock (_refusals)
        {
            if (happened is StoreFailed && (_refusals.Count == 0 || _refusals[^1].To is not null))
            {
                _refusals.Add((Step, null));
            }
            else if (happened is StoreResumed && _refusals.Count > 0)
            {
                _refusals[^1] = (_refusals[^1].From, _refusals[^1].To ?? Step);
            }
        }
    }

    /// <summary>Whether the store refused messages after a message was sent.</summary>
    public bool MayHaveRefused(SentMessage message)
    {
        lock (_refusals)
        {
            return _refusals.Exists(one => one.To is null || one.To >= message.SentAt);
        }
    }

    /// <summary>A message is sent again.</summary>
    public void OnRepeated(SentMessage message) => message.WasPerhapsRefused |= MayHaveRefused(message);

    public void OnAcknowledged(SentMessage message, AckPacket ack)
    {
        if (ack.Reason >= ReasonCode.UnspecifiedError)
        {
            Fail($"{message} is refused: {ack.Reason}");
        }

        message.AcknowledgedAt ??= Step;
        message.ExpiresBefore ??= Now + message.Expiry;
    }

    public void OnSubscribing(KnownSubscription subscription)
    {
        _closed[(subscription.Client, subscription.Client.Session, subscription.Topic)] = int.MaxValue;
        Retained.OnSubscribing(subscription);
        if (subscription.IsShared)
        {
            Share.OnSubscribing(subscription);
        }
    }

    public void OnUnsubscribing(KnownSubscription subscription)
    {
        subscription.HasEnded = true;
        if (subscription.IsShared)
        {
            Share.OnLeaving(subscription.Client);
        }
    }

    public void OnUnsubscribed(KnownSubscription subscription)
    {
        var key = (subscription.Client, subscription.Client.Session, subscription.Topic);
        if (!subscription.Client.Subscriptions.ContainsKey(subscription.Topic))
        {
            _closed[key] = Step;
        }
    }

    /// <summary>Nothing is owed to the session any more.</summary>
    public void OnSessionMayEnd(SimulatedClient client)
    {
        foreach (var subscription in client.Subscriptions.Values)
        {
            subscription.HasEnded = true;
        }

        Share.OnSessionMayEnd(client);
    }

    public void OnSessionEnded(SimulatedClient client)
    {
        OnSessionMayEnd(client);
        _begun[client] = Step;
    }

    /// <summary>Nothing happens, and this is on the disk: what clients were told must be in it.</summary>
    public void OnIdle(BrokerState stored, IEnumerable<SimulatedClient> clients)
    {
        var sessions = stored.Sessions.Where(one => !one.IsOver).ToDictionary(one => one.Session.ClientId);
        foreach (var client in clients)
        {
            if (!client.IsLasting || client.IsInDoubt || !client.HasPromise)
            {
                if (!client.IsLasting && sessions.ContainsKey(client.Id))
                {
                    Fail($"the session of {client.Id} is stored, and ends with its connection");
                }

                continue;
            }

            if (!sessions.TryGetValue(client.Id, out var session))
            {
                Fail($"the session of {client.Id} is not stored");
                continue;
            }

            var filters = session.Subscriptions.ToDictionary(one => one.Filter, one => one.QoS);
            foreach (var known in client.Subscriptions.Values.Where(one => one is { IsAcknowledged: true, HasEnded: false }))
            {
                if (!filters.TryGetValue(known.Filter, out var qos) || qos != known.QoS)
                {
                    Fail($"the subscription of {client.Id} to {known.Filter} with {known.QoS} is not stored");
                }
            }
        }
    }

    /// <summary>The application of a client has got a message.</summary>
    public void OnTaken(SimulatedClient client, ReceivedPublish publish)
    {
        if (publish.Text.StartsWith('w'))
        {
            Wills.OnTaken(client, publish);
            return;
        }

        if (publish.Topic.StartsWith('r'))
        {
            Retained.OnTaken(client, publish);
        }

        // Retained messages may come again: their subscription may have been made again, or its burst begun again after a crash.
        if (publish.Text.Length == 0 || publish.Retain)
        {
            return;
        }

        var message = _messages[int.Parse(publish.Text[1..], CultureInfo.InvariantCulture)];
        var key = (client, client.Session, message.Number);
        var count = _taken[key] = _taken.GetValueOrDefault(key) + 1;
        if (publish.QoS == QualityOfService.ExactlyOnce || message.QoS == QualityOfService.AtMostOnce)
        {
            if (!_takenOnce.Add(key) && !client.IsInDoubt && !message.IsInDoubt)
            {
                Fail($"{client.Id} takes {message} of {publish.QoS} more than once");
            }
        }

        if (message.IsShared)
        {
            Share.OnTaken(client, message, publish.QoS);
        }

        if (!publish.Dup && !message.IsInDoubt && client.ConnectedAt > message.ExpiresBefore + SimulatedClient.Tolerance)
        {
            Fail($"{client.Id} takes {message} after it has expired [MQTT-3.3.2-5]");
        }

        if (count == 1 && !client.IsInDoubt && !message.IsInDoubt)
        {
            CheckFirst(client, message, publish);
        }
    }

    /// <summary>What is owed and has not come.</summary>
    public IEnumerable<string> Missing() => MissingMessages().Concat(Share.Missing()).Concat(Retained.Missing());

    /// <summary>Whether a message may have expired before it was sent to its subscribers.</summary>
    public bool HasExpired(SentMessage message) =>
        message.Expiry is { } expiry && Now - message.SentTime > expiry - TimeSpan.FromSeconds(2);

    private IEnumerable<string> MissingMessages() =>
        from message in _messages
        where message is { AcknowledgedAt: not null, IsRemoval: false, IsShared: false } && !HasExpired(message)
        from owed in message.Owed
        where !owed.HasEnded && !_taken.ContainsKey((owed.Client, owed.Client.Session, message.Number))
        select $"{message} was acknowledged and lost to {owed.Client.Id}";

    /// <summary>A message comes to an application for the first time.</summary>
    private void CheckFirst(SimulatedClient client, SentMessage message, ReceivedPublish publish)
    {
        // What another member of its share had not finished may be older than its session.
        if (!message.IsShared && message.AcknowledgedAt < _begun.GetValueOrDefault(client))
        {
            Fail($"{client.Id} takes {message}, which was acknowledged before its session began");
        }

        if (!_closed.TryGetValue((client, client.Session, message.Topic), out var closed))
        {
            Fail($"{client.Id} takes {message} and has not subscribed to it in this session");
        }
        else if (message.SentAt > closed)
        {
            Fail($"{client.Id} takes {message} after it has unsubscribed");
        }

        var order = (client, client.Session, $"{message.Publisher} {message.Topic} {message.QoS} {publish.QoS}");

        // One that was sent before it had subscribed, or whose copy expired, may come later, when it is sent again.
        if (message is { Expiry: null, IsShared: false, WasPerhapsRefused: false } && publish.QoS != QualityOfService.AtMostOnce
            && message.Owed.Exists(one => one.Client == client))
        {
            if (message.Number < _last.GetValueOrDefault(order, -1))
            {
                Fail($"{client.Id} takes {message} after m{_last[order]} [MQTT-4.6.0-6]");
            }

            _last[order] = message.Number;
        }
    }
}
