using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>Knows the wills of a schedule: which must come, and that none of QoS 2 comes twice.</summary>
internal sealed class WillChecker(ScheduleChecker checker)
{
    private readonly List<WillPromise> _wills = [];
    private readonly HashSet<(SimulatedClient, string)> _taken = [];
    private readonly HashSet<(SimulatedClient, int Session, string)> _takenOnce = [];

    /// <summary>Its connection was accepted.</summary>
    public WillPromise OnAccepted(WillPromise will)
    {
        _wills.Add(will);
        return will;
    }

    /// <summary>A client connects: a will with a delay may be discarded [MQTT-3.1.3-9]; that of a displaced connection is due.</summary>
    public void OnConnecting(SimulatedClient client)
    {
        OnDisplaced(client);
        foreach (var waiting in _wills.Where(
            one => one.LostAt is not null && one.Text.StartsWith($"w-{client.Id}-", StringComparison.Ordinal)))
        {
            // The broker may have heard late that the connection was lost: then its delay is not over.
            waiting.IsDue |= waiting.Delay == TimeSpan.Zero;
            waiting.LostAt = null;
        }
    }

    /// <summary>Another connection of a client has its session.</summary>
    public void OnDisplaced(SimulatedClient client)
    {
        if (client.Will is { } will)
        {
            will.IsDue |= will.Delay == TimeSpan.Zero;
            will.LostAt = null;
        }
    }

    public void OnLost(SimulatedClient client)
    {
        if (client.Will is { } will)
        {
            will.LostAt = checker.Now;
        }
    }

    public void OnTaken(SimulatedClient client, ReceivedPublish publish)
    {
        _taken.Add((client, publish.Text));
        if (!_takenOnce.Add((client, client.Session, publish.Text)) && publish.QoS == QualityOfService.ExactlyOnce && !client.IsInDoubt)
        {
            checker.Fail($"{client.Id} takes the will {publish.Text} more than once");
        }
    }

    /// <summary>Wills that are due and have not come.</summary>
    public IEnumerable<string> Missing() =>
        from will in _wills
        where will.IsDue || will.LostAt is not null
        from owed in will.Owed
        where !owed.HasEnded && !_taken.Contains((owed.Client, will.Text))
        select $"the will {will.Text} did not come to {owed.Client.Id}";
}
