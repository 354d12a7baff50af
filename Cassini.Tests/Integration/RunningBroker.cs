using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Probing;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Integration;

/// <summary>A whole broker on free ports with real certificates, real probes and short windows.</summary>
internal sealed class RunningBroker : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly BrokerHost? _mqtt;

    private RunningBroker(Func<CassiniOptions, CassiniOptions>? change, IConnectionHandler? handler, bool mqtt)
    {
        var tls = Authority.Write(_directory.Path) with { ReloadInterval = TimeSpan.FromMilliseconds(100) };
        Authority.WriteClient(_directory.Path, Authority.IssueClient("cassini-canary"), "canary");
        var options = new CassiniOptions
        {
            Listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, 0)], QuarantineAfter = 0 },
            Tls = tls,
            Probing = new ProbingOptions
            {
                HeartbeatInterval = TimeSpan.FromMilliseconds(200),
                AcceptProbeInterval = TimeSpan.FromMilliseconds(200),
                AcceptProbeTimeout = TimeSpan.FromMilliseconds(1_500),
                CanaryInterval = TimeSpan.FromMilliseconds(500),
                CanaryTimeout = TimeSpan.FromSeconds(20),
                CanaryCertificatePath = _directory.File("canary.pem"),
                CanaryKeyPath = _directory.File("canary.key"),
            },
            Health = new HealthPolicy
            {
                Tick = TimeSpan.FromMilliseconds(100),
                Window = TimeSpan.FromSeconds(3),
                Hold = TimeSpan.FromSeconds(2),
                SlowRoundTrip = TimeSpan.FromMinutes(1),
                SlowCanary = TimeSpan.FromMinutes(1),
            },
        };
        options = change?.Invoke(options) ?? options;
        _mqtt = mqtt ? new BrokerHost(options, TimeProvider.System, NullLoggerFactory.Instance) : null;
        Host = _mqtt?.Service ?? new ServiceHost(options, handler ?? new DiscardHandler(), TimeProvider.System, NullLoggerFactory.Instance);
    }

    public TestAuthority Authority { get; } = new();

    public ServiceHost Host { get; }

    /// <summary>The host of one that serves MQTT.</summary>
    public BrokerHost Mqtt => _mqtt ?? throw new InvalidOperationException("It serves no MQTT.");

    public string Directory => _directory.Path;

    public HealthSnapshot Now => Host.Health.Current;

    public static async Task<RunningBroker> StartAsync(
        Func<CassiniOptions, CassiniOptions>? change = null, IConnectionHandler? handler = null)
    {
        var broker = new RunningBroker(change, handler, mqtt: false);
        await broker.Host.StartAsync(TestContext.Current.CancellationToken);
        return broker;
    }

    /// <summary>One that serves MQTT, ready.</summary>
    public static async Task<RunningBroker> ServingMqttAsync(Func<CassiniOptions, CassiniOptions>? change = null)
    {
        var broker = new RunningBroker(change, null, mqtt: true);
        await broker.Host.StartAsync(TestContext.Current.CancellationToken);
        await broker.BecomesAsync("the broker is ready", snapshot => snapshot.Ready);
        return broker;
    }

    public static async Task<RunningBroker> ReadyAsync(
        Func<CassiniOptions, CassiniOptions>? change = null, IConnectionHandler? handler = null)
    {
        var broker = await StartAsync(change, handler);
        await broker.BecomesAsync("the broker is ready", snapshot => snapshot.Ready);
        return broker;
    }

    /// <summary>Waits until health meets the condition, and until the other folds and the log have what health has.</summary>
    public async Task<HealthSnapshot> BecomesAsync(string step, Func<HealthSnapshot, bool> condition)
    {
        var snapshot = await Eventually.BecomesAsync(step, () => Now, condition);
        await FoldedAsync();
        return snapshot;
    }

    /// <summary>
    /// Waits until everything published so far is folded and in the log. A fold is ahead of those after it, and of the log.
    /// </summary>
    public Task FoldedAsync()
    {
        var last = Host.Hub.LastSequence;
        return Eventually.HoldsAsync($"event {last} is in the log", () => Host.Hub.Log.Newest >= last);
    }

    public CheckHealth Check(string name) => Now.Checks.Single(check => check.Name == name);

    public IEnumerable<EventEnvelope> Events()
    {
        for (var sequence = Host.Hub.Log.Oldest; sequence <= Host.Hub.Log.Newest; sequence++)
        {
            if (Host.Hub.Log.TryGet(sequence, out var envelope))
            {
                yield return envelope;
            }
        }
    }

    public Task<T> HappensAsync<T>(string step, Func<T, bool>? condition = null)
        where T : BrokerEvent =>
        Eventually.BecomesAsync(
            step, () => Events().Select(envelope => envelope.Event).OfType<T>().LastOrDefault(condition ?? (_ => true))!,
            found => found is not null);

    /// <summary>A client whose session is open on the other side too.</summary>
    public async Task<SslStream> ConnectAsync(string identity = "alice")
    {
        var opened = Events().Count(envelope => envelope.Event is ConnectionOpened);
        var endpoint = IPEndPoint.Parse(Now.Endpoints.First(endpoint => endpoint.State == EndpointState.Bound).Address);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endpoint);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificateContext = SslStreamCertificateContext.Create(Authority.IssueClient(identity), null, offline: true),
        });
        await Eventually.HoldsAsync("the session opens", () => Events().Count(envelope => envelope.Event is ConnectionOpened) > opened);
        return stream;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _directory.Dispose();
        Authority.Dispose();
    }
}
