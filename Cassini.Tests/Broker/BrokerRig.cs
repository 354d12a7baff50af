using System.Diagnostics;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Broker;

/// <summary>A broker in virtual time, with clients that reach it through memory.</summary>
internal sealed class BrokerRig : IAsyncDisposable
{
    private readonly List<RigConnection> _connections = [];

    public BrokerRig(
        Func<BrokerOptions, BrokerOptions>? change = null,
        IBrokerStore? store = null,
        VirtualClock? clock = null,
        ActivitySource? spans = null,
        double traceRatio = 0,
        ILogger<MqttBroker>? logger = null,
        QuotaOptions? quota = null)
    {
        Clock = clock ?? new VirtualClock();
        Events = new RecordingPublisher(Clock.Time);
        ProbeEvents = new RecordingPublisher(Clock.Time);
        Accounts = new AccountTable(quota ?? QuotaOptions.Whole);
        var keeper = store ?? new InMemoryStore();
        Store = keeper as InMemoryStore ?? new InMemoryStore();
        var options = new BrokerOptions();
        var tracing = spans is null ? null : new MessageTracing(spans, traceRatio);
        Broker = new MqttBroker(
            change?.Invoke(options) ?? options, "1.2.3", Accounts, keeper, Events, Clock.Time, logger ?? NullLogger<MqttBroker>.Instance,
            tracing);
        Completed(Broker.Housekeeper.BeginAsync());
    }

    public VirtualClock Clock { get; }

    public RecordingPublisher Events { get; }

    /// <summary>What is published of probes' sessions; it appears nowhere else.</summary>
    public RecordingPublisher ProbeEvents { get; }

    /// <summary>What each identity has. Each may have all, if nothing else is asked for.</summary>
    public AccountTable Accounts { get; }

    /// <summary>What keeps the state, unless the test gave another store.</summary>
    public InMemoryStore Store { get; }

    public MqttBroker Broker { get; }

    /// <summary>Lets time pass, and the broker do what is due.</summary>
    public void Advance(TimeSpan time)
    {
        Clock.AdvanceBy(time);
        Completed(Broker.Housekeeper.WorkAsync());
    }

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>The process is stopped for a time, and then looks at its clients for the first time.</summary>
    public void Pause(TimeSpan time)
    {
        Clock.Scheduler.Sleep(time.Ticks);
        Completed(Broker.Housekeeper.WorkAsync(time));
    }

    /// <summary>The housekeeper does what is due; it goes on, on the thread pool, when that is much.</summary>
    private static void Completed(ValueTask work) => work.AsTask().GetAwaiter().GetResult();

    /// <summary>A connection without a CONNECT yet.</summary>
    public RigConnection Open(
        int version = 5, string identity = "alice", bool isProbe = false, int window = 64 * 1024, string endpoint = "memory")
    {
        var connection = new RigConnection(
            Broker, isProbe ? ProbeEvents : Events, _connections.Count + 1, (ProtocolVersion)version, Accounts.Open(identity), isProbe,
            window, endpoint);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>A client that is connected.</summary>
    public async Task<MqttTestClient> ConnectAsync(
        string clientId, int version = 5, Func<ConnectPacket, ConnectPacket>? change = null, string identity = "alice") =>
        (await OpenAsync(clientId, version, change, identity)).Client;

    /// <summary>The same with the broker's side of it.</summary>
    public async Task<RigConnection> OpenAsync(
        string clientId, int version = 5, Func<ConnectPacket, ConnectPacket>? change = null,
        string identity = "alice", int window = 64 * 1024)
    {
        var connection = Open(version, identity, window: window);
        var connect = connection.Client.Connect(clientId);
        connection.Answer = await connection.Client.ConnectAsync(change?.Invoke(connect) ?? connect);
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>A session that outlives its connection, in either version.</summary>
    public static ConnectPacket Lasting(ConnectPacket connect) => connect with
    {
        CleanStart = false,
        Properties = connect.Version == ProtocolVersion.V500 ? connect.Properties with { SessionExpiryInterval = 3600 } : PropertySet.Empty,
    };

    /// <summary>With a will.</summary>
    public static ConnectPacket WithWill(
        ConnectPacket connect, string topic = "wills", QualityOfService qos = QualityOfService.AtLeastOnce,
        bool retain = false, uint? delay = null, PropertySet? properties = null) =>
        connect with
        {
            Will = new WillMessage(
                topic, [.. "gone"u8], qos, retain, (properties ?? PropertySet.Empty) with { WillDelayInterval = delay }),
        };
}

/// <summary>Both sides of a connection.</summary>
internal sealed class RigConnection : IAsyncDisposable
{
    private readonly PipeEnd _server;
    private readonly HoldingTransport _transport;
    private readonly PipeEnd _client;
    private readonly CancellationTokenSource _stopping = new();
    private bool _crashed;
    private volatile bool _isAborted;

    public RigConnection(
        MqttBroker broker, IEventPublisher events, long id, ProtocolVersion version, Account account, bool isProbe, int window,
        string endpoint)
    {
        (_server, _client) = PipeEnd.Pair(window);
        Client = new MqttTestClient(_client, version);
        var fate = new ConnectionFate(NullLogger.Instance);
        fate.TryOpen();
        _transport = new HoldingTransport(_server);
        var stream = new ConnectionStream(_transport, null, _transport);
        Transport = new Connection(id, endpoint, $"client:{id}", account, stream, fate, events, isProbe) { Stopping = _stopping.Token };
        Served = Task.Run(() => ServeAsync(broker, fate));
    }

    public MqttTestClient Client { get; }

    public Connection Transport { get; }

    public ConnAckPacket? Answer { get; set; }

    /// <summary>Whether the transport says that it holds bytes that were not read.</summary>
    public bool HasUnread
    {
        set => _transport.HasUnread = value;
    }

    /// <summary>Ends when the broker has done with the connection; fails if serving it crashed.</summary>
    public Task Served { get; }

    /// <summary>Why the broker or an operator ended it; null when the client did.</summary>
    public CloseReason? Closing => Transport.Closing;

    /// <summary>Serving the connection fails with this exception.</summary>
    public async Task ExpectFailureAsync(Exception failure)
    {
        await Eventually.HoldsAsync("serving the connection fails", () => Served.IsCompleted);
        _crashed = true;
        Served.Exception?.InnerException.ShouldBe(failure);
    }

    /// <summary>The same because of a bug that shows on another thread, so that the connection must be ended first.</summary>
    public async Task ExpectCrashAsync(Exception crash)
    {
        await ExpectFailureAsync(crash);
        Closing.ShouldBe(CloseReason.Crashed);
    }

    /// <summary>The broker begins to stop. The connection is not asked to end by that.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>The broker has handled what the client has sent, and waits for more.</summary>
    public Task ReadAsync() => Eventually.HoldsAsync("the broker has read everything", () => _server.HasReadAll);

    /// <summary>Whether the broker has read what the client has sent and waits for more, or has done with the connection.</summary>
    public bool IsQuiet => Served.IsCompleted || (!_isAborted && _server.HasReadAll);

    /// <summary>The network is lost. Does not wait until the broker knows.</summary>
    public void Abort()
    {
        _isAborted = true;
        _client.Abort();
    }

    /// <summary>The network is lost, and the broker knows.</summary>
    public async Task LoseAsync()
    {
        _client.Abort();
        await Eventually.CompletesAsync("the broker notices the loss", Served);
    }

    /// <summary>The client closes without a word, and the broker knows.</summary>
    public async Task CloseAsync()
    {
        _client.CloseWriting();
        await Eventually.CompletesAsync("the broker notices the close", Served);
    }

    /// <summary>The client says goodbye, and the broker knows.</summary>
    public async Task DisconnectAsync(ReasonCode reason = ReasonCode.Success, PropertySet? properties = null)
    {
        await Client.DisconnectAsync(reason, properties);
        await Eventually.CompletesAsync("the broker takes the DISCONNECT", Served);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        if (_crashed)
        {
            return;
        }

        await Eventually.CompletesAsync("the broker ends the connection", Served);
    }

    private async Task ServeAsync(MqttBroker broker, ConnectionFate fate)
    {
        try
        {
            await ((IConnectionHandler)broker).HandleAsync(Transport, fate.Ending);
        }
        catch (IOException) when (((ConnectionStream)Transport.Stream).Failed)
        {
            // The transport's, as with a real one.
        }
        finally
        {
            await _server.DisposeAsync();
        }
    }
}
