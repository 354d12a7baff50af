using System.Globalization;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>
/// Knows what was acknowledged and what came, and says what contradicts MQTT. It is right whatever the order in which the broker does
/// things: what nobody was told of is never demanded.
/// </summary>
internal sealed class ScheduleChecker
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private readonly List<string> _trace = [];
    private readonly List<SentMessage> _messages = [];
    private readonly List<WillPromise> _wills = [];
    private readonly Dictionary<(SimulatedClient, int Session, int Number), int> _taken = [];
    private readonly HashSet<(SimulatedClient, int Session, int Number)> _takenOnce = [];
    private readonly Dictionary<(SimulatedClient, int Session, string), int> _last = [];
    private readonly Dictionary<(SimulatedClient, int Session, string Topic), int> _closed = [];
    private readonly Dictionary<SimulatedClient, int> _begun = [];
    private readonly HashSet<(SimulatedClient, string)> _takenWills = [];
    private int _shareEndedAt;

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
    }

    public void OnAcknowledged(SentMessage message, AckPacket ack)
    {
        if (ack.Reason >= ReasonCode.UnspecifiedError)
        {
            Fail($"{message} is refused: {ack.Reason}");
        }

        message.AcknowledgedAt ??= Step;
    }

    public void OnSubscribing(KnownSubscription subscription) =>
        _closed[(subscription.Client, subscription.Client.Session, subscription.Topic)] = int.MaxValue;

    public void OnUnsubscribing(KnownSubscription subscription) => End(subscription);

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
            End(subscription);
        }
    }

    public void OnSessionEnded(SimulatedClient client)
    {
        OnSessionMayEnd(client);
        _begun[client] = Step;
    }

    /// <summary>A client connects: a will with a delay may be discarded; that of a displaced connection is due.</summary>
    public void OnConnecting(SimulatedClient client)
    {
        if (client.Will is { } will)
        {
            will.IsDue = will.Delay == TimeSpan.Zero;
            will.LostAt = null;
        }

        foreach (var waiting in _wills.Where(
            one => one.LostAt is not null && one.Text.StartsWith($"w-{client.Id}-", StringComparison.Ordinal)))
        {
            // With a delay it may be discarded at any time: the broker may have heard late that the connection was lost.
            waiting.IsDue |= waiting.Delay == TimeSpan.Zero;
            waiting.LostAt = null;
        }
    }

    public void OnLost(SimulatedClient client)
    {
        if (client.Will is { } will)
        {
            will.LostAt = Now;
        }
    }

    public WillPromise OnWillAccepted(WillPromise will)
    {
        _wills.Add(will);
        return will;
    }

    /// <summary>The application of a client has got a message.</summary>
    public void OnTaken(SimulatedClient client, ReceivedPublish publish)
    {
        if (publish.Text.StartsWith('w'))
        {
            _takenWills.Add((client, publish.Text));
            return;
        }

        if (publish.Text.Length == 0 || publish.Retain)
        {
            return;
        }

        var message = _messages[int.Parse(publish.Text[1..], CultureInfo.InvariantCulture)];
        var key = (client, client.Session, message.Number);
        var count = _taken[key] = _taken.GetValueOrDefault(key) + 1;
        if (publish.QoS == QualityOfService.ExactlyOnce || message.QoS == QualityOfService.AtMostOnce)
        {
            if (!_takenOnce.Add(key) && client.IsLasting && !client.IsInDoubt && !message.IsInDoubt)
            {
                Fail($"{client.Id} takes {message} of {publish.QoS} more than once");
            }
        }

        if (count > 1 || client.IsInDoubt || message.IsInDoubt)
        {
            return;
        }

        if (message.AcknowledgedAt < _begun.GetValueOrDefault(client))
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
        if (message.Expiry is null && !message.Topic.StartsWith('s') && publish.QoS != QualityOfService.AtMostOnce
            && message.Owed.Exists(one => one.Client == client))
        {
            if (message.Number < _last.GetValueOrDefault(order, -1))
            {
                Fail($"{client.Id} takes {message} after m{_last[order]}");
            }

            _last[order] = message.Number;
        }
    }

    /// <summary>What is owed and has not come.</summary>
    public IEnumerable<string> Missing()
    {
        foreach (var message in _messages.Where(one => one.AcknowledgedAt is not null && !one.IsRemoval))
        {
            if (message.Expiry is { } seconds && Now - message.SentTime > TimeSpan.FromSeconds(seconds) - Tolerance)
            {
                continue;
            }

            if (message.Topic.StartsWith('s'))
            {
                if (message.Owed.Count > 0 && message.SentAt > _shareEndedAt && message.Owed[0] is var any
                    && !_taken.Keys.Any(key => key.Number == message.Number))
                {
                    yield return $"{message} was acknowledged and lost to the share of {any.Client.Id}";
                }

                continue;
            }

            foreach (var owed in message.Owed.Where(one => !one.HasEnded))
            {
                if (!_taken.ContainsKey((owed.Client, owed.Client.Session, message.Number)))
                {
                    yield return $"{message} was acknowledged and lost to {owed.Client.Id}";
                }
            }
        }
    }

    /// <summary>Wills that are due and have not come.</summary>
    public IEnumerable<string> MissingWills() =>
        from will in _wills
        where will.IsDue || will.LostAt is not null
        from owed in will.Owed
        where !owed.HasEnded && !_takenWills.Contains((owed.Client, will.Text))
        select $"the will {will.Text} did not come to {owed.Client.Id}";

    /// <summary>What is retained at the end.</summary>
    public void CheckRetained(string topic, string? found)
    {
        var set = _messages.Where(one => one.Retain && one.Topic == topic).ToList();
        var last = set.FindLastIndex(one => one.AcknowledgedAt is not null);
        var allowed = set.Skip(Math.Max(0, last)).Select(one => one.IsRemoval ? null : one.Text).ToList();
        if (last < 0)
        {
            allowed.Add(null);
        }

        if (!allowed.Contains(found))
        {
            var wanted = string.Join(", ", allowed.Select(one => one ?? "nothing"));
            Fail($"{topic} retains {found ?? "nothing"}, and it should be one of {wanted}");
        }
    }

    private void End(KnownSubscription subscription)
    {
        subscription.HasEnded = true;
        _shareEndedAt = subscription.IsShared ? Step : _shareEndedAt;
    }
}
