using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Listening;
using Cassini.Streams.Nats;
using Cassini.Streams.Probing;
using Cassini.Streams.Quotas;
using Cassini.Streams.Settings;
using Cassini.Streams.Store;
using Cassini.Streams.Store.History;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;

namespace Cassini.Streams.Hosting;

/// <summary>
/// All settings of a broker as one tree. <see cref="CassiniOptionsValidator"/> validates it as a whole before anything starts.
/// </summary>
public sealed record CassiniOptions : IOptionsRecord
{
    /// <summary>Endpoints and their limits.</summary>
    public ListenerOptions Listener { get; init; } = new() { Endpoints = [new(System.Net.IPAddress.Loopback, 8883)] };

    /// <summary>Certificate files. Null until the host that starts Cassini has chosen them; required to start.</summary>
    [Section(typeof(TlsOptions))]
    public TlsOptions? Tls { get; init; }

    /// <summary>What MQTT clients may do, and the limits of what they may use.</summary>
    public BrokerOptions Broker { get; init; } = new();

    /// <summary>How much one identity may have of what all clients share.</summary>
    public QuotaOptions Quota { get; init; } = new();

    /// <summary>How the broker probes itself.</summary>
    public ProbingOptions Probing { get; init; } = new();

    /// <summary>What counts as ok, degraded and an error.</summary>
    public HealthPolicy Health { get; init; } = new();

    /// <summary>Bounds of the event hub and its log.</summary>
    public EventHubOptions Hub { get; init; } = new();

    /// <summary>What is kept of sessions, messages and wills when the process has ended.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>What is kept of the events when the process has ended.</summary>
    public HistoryOptions History { get; init; } = new();

    /// <summary>When crashed components are started again.</summary>
    public RestartPolicy Supervision { get; init; } = new();

    /// <summary>How long a graceful stop may take.</summary>
    public DrainOptions Drain { get; init; } = new();

    /// <summary>The fleet that this broker is a node of; off without servers.</summary>
    public ClusterOptions Cluster { get; init; } = new();

    /// <summary>How this node proves to the servers of the fleet who it is.</summary>
    public NatsOptions Nats { get; init; } = new();

    /// <summary>The sum of the deadlines of a drain's stages.</summary>
    public TimeSpan LongestDrain => Drain.ReadinessDelay + (2 * DrainSequence.Moment) + Drain.SessionTimeout + Listener.CloseTimeout
        + (Cluster.Servers.IsDefaultOrEmpty ? TimeSpan.Zero : Drain.HandOverTimeout);

    /// <summary>
    /// The longest time from the begin of a stop to the end of the process: the drain, then <see cref="ListenerOptions.CloseTimeout"/> for
    /// services, and 5 seconds each for a disk that does not answer, for HTTP requests in flight, and for traces and metrics whose
    /// collector does not answer. An orchestrator must grant this time and a few seconds more.
    /// </summary>
    public TimeSpan LongestStop => LongestDrain + Listener.CloseTimeout + Journal.StopPatience + (3 * LongestStopStep);

    /// <summary>How long requests in flight, and each export of telemetry, may take after the drain.</summary>
    internal static TimeSpan LongestStopStep { get; } = TimeSpan.FromSeconds(5);

    /// <summary>What is traced.</summary>
    public TracingOptions Telemetry { get; init; } = new();
}
