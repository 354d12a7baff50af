using System.Reactive.Concurrency;
using Cassini.Management;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Quotas;
using Cassini.Streams.Store;
using Cassini.Streams.Store.History;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management;

/// <summary>
/// The management surface on a free port, over a real hub and a real projection. Tests publish the events, so nothing
/// happens that a test did not say. The windows are long: no verdict changes by itself.
/// </summary>
internal sealed class ManagementRig : IAsyncDisposable
{
    private static readonly HealthPolicy Patient = new()
    {
        Tick = TimeSpan.FromMilliseconds(50),
        Window = TimeSpan.FromMinutes(10),
        LiveWindow = TimeSpan.FromMinutes(30),
        Hold = TimeSpan.Zero,
    };

    private readonly EventLoopScheduler _ticks = new();
    private readonly WebApplication _app;
    private int _stopped;
    private int _stopsRequested;

    private ManagementRig(
        ManagementOptions? options, HealthPolicy? policy, EventHubOptions? hubOptions, int port, HistoryOptions? history,
        BrokerParts? parts)
    {
        Options = (options ?? new ManagementOptions()) with { Address = $"127.0.0.1:{port}" };
        Hub = new EventHub(parts?.HubTime ?? TimeProvider.System, hubOptions);
        Health = new HealthProjection(Hub, policy ?? Patient, _ticks, "0.1.0", NullLogger<HealthProjection>.Instance);
        Connections = new LiveConnections(Hub);
        RefusedHandshakes = new RefusedHandshakes(Hub);
        Accounts = new AccountTable(parts?.Quota ?? new QuotaOptions());
        Broker = new MqttBroker(
            parts?.Options ?? new BrokerOptions { MaxTopics = 10_000 }, "0.1.0", Accounts, parts?.Store ?? NoStore.Instance, Hub,
            TimeProvider.System, NullLogger<MqttBroker>.Instance);
        Listeners = new FakeListeners(Health);
        History = history is null
            ? null
            : EventHistory.Start(
                Hub, () => new HistoryState(Health.ToRecordHeader(out var through), through), history, "0.1.0", TimeProvider.System,
                NullLogger.Instance);
        Managed = new ManagedBroker(Hub, Health, Connections, RefusedHandshakes, Listeners.Disconnect, Listeners)
        {
            Mqtt = Broker,
            Accounts = Accounts,
            History = History,
            Store = () => new StoreStatistics(1, 2, 3, TimeSpan.FromMilliseconds(4), 5, 6, 7, TimeSpan.Zero, TakesMessages: true),
            Settings = Settings,
            LogLevels = LogLevels,
            RequestStop = () => Interlocked.Increment(ref _stopsRequested),
        };
        _app = ManagementApp.Create(
            Managed, Options, parts?.Loggers ?? NullLoggerFactory.Instance, TimeProvider.System, refusals: Refusals);
    }

    public EventHub Hub { get; }

    public HealthProjection Health { get; }

    public LiveConnections Connections { get; }

    public RefusedHandshakes RefusedHandshakes { get; }

    /// <summary>What each identity has of the broker.</summary>
    public AccountTable Accounts { get; }

    /// <summary>A broker without clients; nothing of it runs.</summary>
    public MqttBroker Broker { get; }

    public FakeListeners Listeners { get; }

    public FakeSettings Settings { get; } = new();

    public FakeLogLevels LogLevels { get; } = new();

    /// <summary>The events on disk; null without a directory for them.</summary>
    public EventHistory? History { get; }

    /// <summary>All of these, as the surface is given them.</summary>
    public ManagedBroker Managed { get; }

    public ManagementOptions Options { get; }

    public Refusals Refusals { get; } = new();

    /// <summary>How often a graceful stop was asked for.</summary>
    public int StopsRequested => Volatile.Read(ref _stopsRequested);

    public HttpClient Http { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    /// <summary>Everything that is mapped.</summary>
    public IReadOnlyList<RouteEndpoint> Endpoints =>
        [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>()];

    /// <summary>One more surface of the same broker.</summary>
    public WebApplication CreateAnother(ManagementOptions options) =>
        ManagementApp.Create(Managed, options, NullLoggerFactory.Instance, TimeProvider.System);

    public static async Task<ManagementRig> StartAsync(
        ManagementOptions? options = null, HealthPolicy? policy = null, EventHubOptions? hubOptions = null, int port = 0,
        HistoryOptions? history = null, BrokerParts? parts = null)
    {
        var rig = new ManagementRig(options, policy, hubOptions, port, history, parts);
        await rig._app.StartAsync(TestContext.Current.CancellationToken);
        rig.Address = ManagementApp.AddressOf(rig._app);
        rig.Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = rig.Address };
        return rig;
    }

    /// <summary>A rig whose broker is ready.</summary>
    public static async Task<ManagementRig> StartReadyAsync(
        ManagementOptions? options = null, HealthPolicy? policy = null, EventHubOptions? hubOptions = null,
        HistoryOptions? history = null, BrokerParts? parts = null)
    {
        var rig = await StartAsync(options, policy, hubOptions, history: history, parts: parts);
        rig.BecomeReady();
        return rig;
    }

    /// <summary>Publishes events and waits until they are folded: the thread that ticks may be the one that delivers them.</summary>
    public void Publish(params BrokerEvent[] events)
    {
        foreach (var brokerEvent in events)
        {
            Hub.Publish(brokerEvent);
        }

        SpinWait.SpinUntil(() => Hub.Log.Newest >= Hub.LastSequence, Eventually.Deadline)
            .ShouldBeTrue("the events are folded and in the log");
    }

    /// <summary>Publishes what a broker publishes until everything is well.</summary>
    public void BecomeReady()
    {
        Publish(
            new ListenerConfigured(Happened.Endpoint),
            Happened.Bound(),
            Happened.Certificate(CertificateRole.Server, Hub.StartedAt.AddYears(1)),
            new CanaryDisabled("no certificate"),
            Happened.Heartbeat(),
            Happened.Probed(),
            new PhaseEntered(Phase.Ready));
        Health.Current.Ready.ShouldBeTrue(string.Join("; ", Health.Current.Checks));
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? accept = null) => SendAsync(HttpMethod.Get, path, accept);

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? accept = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        return Eventually.CompletesAsync($"{method} {path}", Http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public async Task<string> GetTextAsync(string path, string? accept = null)
    {
        using var response = await GetAsync(path, accept);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Stops the web application; the broker below it goes on.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            await Eventually.CompletesAsync("stopping the management surface", _app.StopAsync(CancellationToken.None));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Http.Dispose();
        await _app.DisposeAsync();
        Connections.Dispose();
        RefusedHandshakes.Dispose();
        Health.Dispose();
        await Hub.CompleteAsync();
        if (History is not null)
        {
            await History.DisposeAsync();
        }

        _ticks.Dispose();
    }
}

/// <summary>What is different about the broker of a rig.</summary>
internal sealed record BrokerParts
{
    public BrokerOptions? Options { get; init; }

    public QuotaOptions? Quota { get; init; }

    public IBrokerStore? Store { get; init; }

    public ILoggerFactory? Loggers { get; init; }

    /// <summary>The clock of its events.</summary>
    public TimeProvider? HubTime { get; init; }
}
