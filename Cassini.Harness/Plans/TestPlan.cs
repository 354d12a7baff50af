using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Harness.Plans;

/// <summary>A plan that was read and checked, with its defaults.</summary>
internal sealed record TestPlan
{
    public required string Name { get; init; }

    /// <summary>Decides every byte of every message.</summary>
    public long Seed { get; init; }

    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>When a subscriber has received nothing for this time after the publishers ended, nothing more is expected.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(5);

    public required IReadOnlyList<PlanBroker> Brokers { get; init; }

    /// <summary>The worst status that is allowed.</summary>
    public HealthStatus Allow { get; init; } = HealthStatus.Degraded;

    public required IReadOnlyList<PlanTest> Tests { get; init; }

    /// <summary>Whether the brokers are the nodes of one fleet: the run begins when each hears all others.</summary>
    public bool Fleet { get; init; }

    /// <summary>The broker of a test, or another one that a part of it names.</summary>
    public PlanBroker BrokerOf(PlanTest test, string? name = null) => Brokers.First(broker => broker.Name == (name ?? test.Broker));
}

/// <summary>A broker that the tests use.</summary>
internal sealed record PlanBroker
{
    public required string Name { get; init; }

    /// <summary>The base of its management URLs, ending in a slash.</summary>
    public required Uri Management { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public required PlanTls Tls { get; init; }

    /// <summary>A file with the bearer token for the management; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The setting that names <see cref="TokenFile"/>.</summary>
    public string TokenSetting { get; init; } = "tokenFile";

    /// <summary>How many nodes its fleet must have; null when it is no node of one.</summary>
    public int? FleetSize { get; init; }

    /// <summary>The files of <see cref="Tls"/> for a client to read.</summary>
    public TlsFiles TlsFiles => new(TlsSettingNames.Plan, Tls.Ca, Tls.Cert, Tls.Key);

    /// <summary>How to reach its management port. With https, the certificates are those of its MQTT connections.</summary>
    /// <exception cref="ClientException">A file cannot be used.</exception>
    public HealthFeedOptions AccessToManagement(TimeProvider time) => ManagementAccess.Of(
        Management.Scheme == Uri.UriSchemeHttps ? TlsFiles : null,
        TokenFile is { } file ? new TokenFile(TokenSetting, file) : null,
        time);
}

/// <summary>The files of a client of a broker, as full paths.</summary>
/// <param name="ServerName">The name that the broker's certificate must have; null for the host of the connection.</param>
internal sealed record PlanTls(string Ca, string Cert, string Key, string? ServerName = null);

/// <summary>Publishers and subscribers that run together.</summary>
internal sealed record PlanTest
{
    /// <summary>Its index in the plan, from 0.</summary>
    public required int Index { get; init; }

    public required string Name { get; init; }

    public required string Broker { get; init; }

    public TimeSpan? Timeout { get; init; }

    public required IReadOnlyList<PlanPublisher> Publishers { get; init; }

    public IReadOnlyList<PlanSubscriber> Subscribers { get; init; } = [];

    public IReadOnlyList<PlanFault> Faults { get; init; } = [];
}

/// <summary>A fault that the harness injects.</summary>
/// <param name="At">How long after the test's start.</param>
/// <param name="Fault">The name that the management port has for it.</param>
/// <param name="Endpoint">Which endpoint; null for every one.</param>
/// <param name="Tolerate">For how long the broker's health may be anything; in a fleet, that of each node.</param>
/// <param name="Broker">The name of its broker; null for that of the test.</param>
internal sealed record PlanFault(TimeSpan At, string Fault, string? Endpoint, TimeSpan Tolerate, string? Broker = null);
