using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Cluster;

/// <summary>A node of a fleet on a simulated engine, with a client in its process. Everything happens on the thread of the test.</summary>
internal sealed class SimulatedNode : IDisposable
{
    private readonly TimeProvider _time;

    /// <param name="machine">What the engine knows it by; null for its name. Two of one name differ in it.</param>
    public SimulatedNode(VirtualClock clock, SimulatedEngine engine, string name, ClusterOptions options, LinkOptions? links = null,
        Func<string>? settings = null, IBrokerStore? store = null, BrokerOptions? broker = null, string? machine = null)
    {
        store ??= NoStore.Instance;
        Name = name;
        Epoch = Epoch.StartingAt(clock.UtcNow);
        _time = clock.Time;
        Events = new RecordingPublisher(clock.Time);
        Accounts = new AccountTable(QuotaOptions.Whole);
        Broker = new MqttBroker(
            broker ?? new BrokerOptions(), "1.2.3", Accounts, store, Events, clock.Time, NullLogger<MqttBroker>.Instance);
        Node = new ClusterNode(
            options, name, Epoch, settings ?? (() => "same"), Broker, store.Durability,
            engine.Connect(machine ?? name), engine.Connect(machine ?? name), Events, clock.Time, links);
        Client = Broker.CreateClient("ops", "ops");
        Broker.LoadAsync(CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue("what it stores is in memory");
        Node.Start();
    }

    public string Name { get; }

    public Epoch Epoch { get; }

    public MqttBroker Broker { get; }

    public ClusterNode Node { get; }

    public RecordingPublisher Events { get; }

    public AccountTable Accounts { get; }

    public LocalClient Client { get; }

    /// <summary>Subscribes.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="answer">What the answer to SUBSCRIBE would wait for.</param>
    public LocalSubscriber Subscribe(string filter, out AwaitList? answer)
    {
        AwaitList.TakeNoted();
        var subscriber = Client.TryOpen([filter], new LocalLimits(1_000_000, long.MaxValue), null, out _, out _).ShouldNotBeNull();
        answer = AwaitList.TakeNoted();
        return subscriber;
    }

    /// <summary>One more member of a shared subscription, until it is disposed of.</summary>
    /// <param name="share">Its filter.</param>
    public LocalSubscriber Join(string share)
    {
        var member = new LocalSubscriber(
            LocalParty.OfBroker(Broker.Budget.Of(Accounts.OfBroker)), [share], new LocalLimits(1_000_000, long.MaxValue), Broker.Tree,
            Broker.Counters, _time);
        member.Begin(Broker.Retained);
        AwaitList.TakeNoted();
        return member;
    }

    /// <summary>Publishes.</summary>
    /// <returns>Ends when it would be acknowledged.</returns>
    public Task<LocalVerdict> PublishAsync(
        string topic, string payload, QualityOfService qos, bool retain = false, TimeSpan? expiresAfter = null) => Client.PublishAsync(
        new MqttMessage
        {
            Topic = topic,
            Payload = Encoding.UTF8.GetBytes(payload),
            QoS = qos,
            Retain = retain,
            ExpiresAfter = expiresAfter,
        },
        null, null, CancellationToken.None);

    /// <summary>What it retains, by topic.</summary>
    public Dictionary<string, string> Retained() => Broker.Retained.Match("#"u8.ToArray())
        .ToDictionary(message => message.Topic.Name, message => Encoding.UTF8.GetString(message.Payload), StringComparer.Ordinal);

    /// <summary>The stamp with which a topic's message was set or removed; the default when it knows of none.</summary>
    public RetainedStamp StampOf(string topic) => Broker.Retained.Replica(Encoding.UTF8.GetBytes(topic)) is var (_, change)
        ? change.Stamp
        : Broker.Retained.NeedOf(Encoding.UTF8.GetBytes(topic), new RetainedStamp(1, 0), out var removed) == RetainedNeed.Removed
            ? removed
            : default;

    public void Dispose() => Node.Dispose();
}
