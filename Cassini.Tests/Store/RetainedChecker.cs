using System.Globalization;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>Knows the retained messages of a schedule: what may be retained, and which subscriptions must get it.</summary>
internal sealed class RetainedChecker(ScheduleChecker checker)
{
    private readonly List<SentMessage> _set = [];
    private readonly List<KnownSubscription> _promises = [];
    private readonly HashSet<(SimulatedClient, int Session, string Topic)> _asked = [];
    private readonly Dictionary<(SimulatedClient, int Session, string Topic), int> _newest = [];

    public void OnSent(SentMessage message)
    {
        if (message.Retain)
        {
            _set.Add(message);
        }
    }

    /// <summary>What a subscription must get: what is certain to be retained now, or something newer.</summary>
    public void OnSubscribing(KnownSubscription subscription)
    {
        if (!subscription.GetsRetained)
        {
            return;
        }

        _asked.Add((subscription.Client, subscription.Client.Session, subscription.Topic));
        var last = _set.FindLast(one => one.Topic == subscription.Topic && one.AcknowledgedAt is not null);
        if (last is { IsRemoval: false, QoS: not QualityOfService.AtMostOnce } && subscription is { QoS: > 0, Client.IsLasting: true })
        {
            subscription.Retained = last;
            _promises.Add(subscription);
        }
    }

    public void OnTaken(SimulatedClient client, ReceivedPublish publish)
    {
        var key = (client, client.Session, publish.Topic);
        if (publish.Retain && !_asked.Contains(key) && !client.IsInDoubt)
        {
            checker.Fail($"{client.Id} gets {publish.Topic} as retained and has not asked for it [MQTT-3.3.1-12]");
        }

        if (publish.Text.Length > 0)
        {
            var number = int.Parse(publish.Text[1..], CultureInfo.InvariantCulture);
            _newest[key] = Math.Max(number, _newest.GetValueOrDefault(key, -1));
        }
    }

    /// <summary>Retained messages that were to come and have not.</summary>
    public IEnumerable<string> Missing() =>
        from promise in _promises
        where promise is { IsAcknowledged: true, HasEnded: false, Retained: not null }
        let message = promise.Retained!
        where _newest.GetValueOrDefault((promise.Client, promise.Client.Session, promise.Topic), -1) < message.Number
            && !_set.Exists(one => one.Topic == message.Topic && one.Number > message.Number && MayHide(one))
        select $"{message} was retained and did not come to {promise.Client.Id}";

    /// <summary>What is retained at the end.</summary>
    public void Check(string topic, string? found)
    {
        var set = _set.Where(one => one.Topic == topic).ToList();
        var last = set.FindLastIndex(one => one.AcknowledgedAt is not null);
        var allowed = set.Skip(Math.Max(0, last)).Select(one => one.IsRemoval ? null : one.Text).ToList();
        if (last < 0)
        {
            allowed.Add(null);
        }

        if (!allowed.Contains(found))
        {
            var wanted = string.Join(", ", allowed.Select(one => one ?? "nothing"));
            checker.Fail($"{topic} retains {found ?? "nothing"}, and it should be one of {wanted}");
        }
    }

    /// <summary>Whether a newer message may have taken the place of another without coming to a subscriber.</summary>
    private static bool MayHide(SentMessage newer) => newer.IsRemoval || newer.QoS == QualityOfService.AtMostOnce;
}
