using Cassini.Management.Control;
using Cassini.Management.Tables;
using Cassini.Streams.Broker;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Hosting;
using Cassini.Streams.Quotas;
using Cassini.Streams.Store;
using Cassini.Streams.Store.History;
using Cassini.Streams.Tls.Files;

namespace Cassini.Management;

/// <summary>
/// What management reads of a broker, and what it may do to it. It goes no further than to what puts the endpoints together.
/// </summary>
/// <param name="Hub">The events.</param>
/// <param name="Health">The fold that every probe, feed and metric reads.</param>
/// <param name="Connections">The live connections.</param>
/// <param name="RefusedHandshakes">Who was refused last.</param>
/// <param name="Disconnect">Closes a connection; false when there is no such one.</param>
/// <param name="Rehearsals">Makes real failures happen.</param>
internal sealed record ManagedBroker(
    EventHub Hub, HealthProjection Health, LiveConnections Connections, RefusedHandshakes RefusedHandshakes, Func<long, bool> Disconnect,
    IRehearsals Rehearsals)
{
    /// <summary>Topics, subscriptions and their statistics; null when the host serves another protocol.</summary>
    public MqttBroker? Mqtt { get; init; }

    /// <summary>Closes the connections of an identity, and says how many there were.</summary>
    public Func<string, int> DisconnectIdentity { get; init; } = _ => 0;

    /// <summary>What each identity has of what all share; null when nothing is shared.</summary>
    public AccountTable? Accounts { get; init; }

    /// <summary>The events on disk, of earlier runs too; null when none are kept there.</summary>
    public IEventHistory? History { get; init; }

    /// <summary>What the durable store has done; null when nothing is stored.</summary>
    public Func<StoreStatistics>? Store { get; init; }

    /// <summary>The certificates in use, and the check of client certificates; null without TLS.</summary>
    public CertificateStore? Certificates { get; init; }

    /// <summary>The settings in force; null when an application sets them.</summary>
    public ISettingsView? Settings { get; init; }

    /// <summary>The levels of the log; null when an application has the log.</summary>
    public ILogLevels? LogLevels { get; init; }

    /// <summary>The health of all nodes of the fleet; null for a broker on its own.</summary>
    public FleetProjection? Fleet { get; init; }

    /// <summary>Asks for a graceful stop of the process; null when nothing can ask for one.</summary>
    public Action? RequestStop { get; init; }

    /// <summary>The broker of a host.</summary>
    public static ManagedBroker Of(BrokerHost host) => Of(host.Service) with
    {
        Mqtt = host.Broker,
        Fleet = host.Fleet,
        Store = host.StoreStatistics is null ? null : () => host.StoreStatistics!,
    };

    /// <summary>A host of another protocol.</summary>
    public static ManagedBroker Of(ServiceHost host) =>
        new(host.Hub, host.Health, host.Connections, host.RefusedHandshakes, host.Listeners.Disconnect, host.Rehearsals)
        {
            DisconnectIdentity = host.Listeners.Disconnect,
            Accounts = host.Accounts,
            History = host.History,
            Certificates = host.Certificates,
            RequestStop = host.RequestStop,
        };
}
