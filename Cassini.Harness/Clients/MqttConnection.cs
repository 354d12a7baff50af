using System.Net;
using Cassini.Streams.Primitives;
using MQTTnet;
using MQTTnet.Channel;

namespace Cassini.Harness.Clients;

/// <summary>One MQTT connection, from its TLS handshake to its DISCONNECT. It is opened once: after a loss, open another one.</summary>
internal sealed class MqttConnection : IAsyncDisposable
{
    /// <summary>How long the connect may take, and each answer that is not cancelled before.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long the DISCONNECT may take.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReasonTimeout = TimeSpan.FromSeconds(1);

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly TaskCompletionSource<ClientException> _loss = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _lost = new();
    private readonly BrokerAddress _broker;
    private readonly MqttConnectOptions _options;
    private readonly StreamProvider _provider;
    private readonly TimeProvider _time;
    private int _disposed;

    private MqttConnection(
        BrokerAddress broker, TlsIdentity identity, MqttConnectOptions options, TimeProvider time, Action<MqttApplicationMessage>? receive)
    {
        (_broker, _options, _time) = (broker, options, time);
        _provider = new StreamProvider(broker, identity, time);
        _client.DisconnectedAsync += Disconnected;
        if (receive is not null)
        {
            _client.ApplicationMessageReceivedAsync += received =>
            {
                receive(received.ApplicationMessage);
                return Task.CompletedTask;
            };
        }
    }

    /// <summary>Cancelled when the connection has ended, also by <see cref="DisposeAsync"/>.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Completes with the reason when the connection ended but was not closed here.</summary>
    public Task<ClientException> Loss => _loss.Task;

    /// <summary>Whether the broker still had this client's session.</summary>
    public bool HasSession { get; private set; }

    /// <summary>How many messages of QoS 1 and 2 the broker takes at once [MQTT-3.3.4-9].</summary>
    public int ReceiveMaximum { get; private set; }

    /// <summary>What the broker does not take.</summary>
    public BrokerLimits Limits { get; private set; } = new();

    /// <summary>Connects.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="identity">The certificates.</param>
    /// <param name="options">The content of the CONNECT.</param>
    /// <param name="time">The clock of time-outs.</param>
    /// <param name="receive">Called with each message, one after another; null when none is expected.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="ClientException">There is no connection; the message says why.</exception>
    public static async Task<MqttConnection> OpenAsync(
        BrokerAddress broker, TlsIdentity identity, MqttConnectOptions options, TimeProvider time,
        Action<MqttApplicationMessage>? receive, CancellationToken cancellation)
    {
        var connection = new MqttConnection(broker, identity, options, time, receive);
        try
        {
            await connection.ConnectAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Publishes, and waits for the answer at QoS 1 and 2.</summary>
    /// <returns>The answer, which may be a refusal.</returns>
    /// <exception cref="ClientException">The connection failed.</exception>
    public Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage message, CancellationToken cancellation) =>
        TryAsync(static (client, message, token) => client.PublishAsync(message, token), message, cancellation);

    /// <summary>
    /// Waits until the broker has handled everything that was published: a refusal of a message of QoS 0 is a DISCONNECT, which comes
    /// instead of the answer to this PINGREQ.
    /// </summary>
    /// <exception cref="ClientException">The connection failed, or the broker closed it.</exception>
    public Task ConfirmAsync(CancellationToken cancellation) => TryAsync(
        static async (client, _, token) =>
        {
            await client.PingAsync(token);
            return true;
        },
        true,
        cancellation);

    /// <summary>Subscribes, and waits for the answer.</summary>
    /// <returns>The quality of service that each filter was granted, which may be lower than requested.</returns>
    /// <exception cref="ClientException">The broker refused one of the filters, or the connection failed.</exception>
    public async Task<IReadOnlyList<MqttClientSubscribeResultItem>> SubscribeAsync(
        MqttClientSubscribeOptions request, CancellationToken cancellation)
    {
        var answer = await TryAsync(static (client, request, token) => client.SubscribeAsync(request, token), request, cancellation);
        if (answer.Items.FirstOrDefault(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
        {
            throw ConnectionFailure.Refused(refused, answer.ReasonString, _broker);
        }

        return [.. answer.Items];
    }

    /// <summary>
    /// Closes the connection, with a DISCONNECT if it is still open, and ends the session. What was written goes out first.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _client.DisconnectedAsync -= Disconnected;
        try
        {
            await DisconnectAsync();
        }
        finally
        {
            _client.Dispose();
            await _lost.CancelAsync();
        }

        await _provider.Finished;
    }

    private async Task DisconnectAsync()
    {
        if (!_client.IsConnected)
        {
            return;
        }

        try
        {
            using var timeout = new CancellationTokenSource(CloseTimeout, _time);
            await _client.DisconnectAsync(new MqttClientDisconnectOptions(), timeout.Token);
            if (_options.SessionExpirySeconds > 0 && !_options.KeepsSession)
            {
                // MQTTnet sends no DISCONNECT with a session expiry interval of 0, so a connection with a clean start ends the session.
                await _provider.Finished;
                await _client.ConnectAsync(Request(cleanStart: true, expirySeconds: 0), timeout.Token);
                await _client.DisconnectAsync(new MqttClientDisconnectOptions(), timeout.Token);
            }
        }
        catch (Exception exception) when (ConnectionFailure.IsExpected(exception))
        {
            // The broker closed the connection first. The work is done, or its failure is known already.
        }
    }

    private async Task ConnectAsync(CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource();
        await using var deadline = new PeerDeadline(AnswerTimeout, _time, timeout.Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            var answer = await _client.ConnectAsync(Request(_options.CleanStart, _options.SessionExpirySeconds), limit.Token);
            if (answer.ResultCode != MqttClientConnectResultCode.Success)
            {
                throw ConnectionFailure.Refused(answer, _broker);
            }

            HasSession = answer.IsSessionPresent;
            ReceiveMaximum = answer.ReceiveMaximum ?? ushort.MaxValue;
            Limits = BrokerLimits.Of(answer, _options.Version);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation); // MQTTnet throws other exceptions for it.
        }
        catch (Exception exception) when (ConnectionFailure.IsExpected(exception))
        {
            throw ConnectionFailure.Of(exception, _provider.ReadFailure, _broker);
        }
    }

    private MqttClientOptions Request(bool cleanStart, uint expirySeconds) => new()
    {
        ClientId = _options.ClientId,
        ProtocolVersion = _options.Version,
        CleanSession = cleanStart,
        SessionExpiryInterval = expirySeconds,
        ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = _broker.ToEndPoint(), StreamProvider = _provider },
        Timeout = AnswerTimeout,
    };

    private async Task<TAnswer> TryAsync<TRequest, TAnswer>(
        Func<IMqttClient, TRequest, CancellationToken, Task<TAnswer>> ask, TRequest request, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        try
        {
            return await ask(_client, request, cancellation);
        }
        catch (Exception exception) when (
            ConnectionFailure.IsExpected(exception)
            || (exception is ObjectDisposedException && Volatile.Read(ref _disposed) != 0)
            || (ConnectionFailure.IsOfEnded(exception) && !_client.IsConnected))
        {
            // A request that was under way fails before MQTTnet says why the connection is over.
            if (Volatile.Read(ref _disposed) == 0 && !_client.IsConnected)
            {
                Task loss = _loss.Task;
                await loss.WaitAsync(ReasonTimeout, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (_loss.Task.IsCompletedSuccessfully)
            {
                throw await _loss.Task;
            }

            cancellation.ThrowIfCancellationRequested();
            throw ConnectionFailure.Of(exception, _provider.ReadFailure, _broker);
        }
    }

    private async Task Disconnected(MqttClientDisconnectedEventArgs end)
    {
        if (end.ClientWasConnected)
        {
            _loss.TrySetResult(ConnectionFailure.Lost(end, _provider.ReadFailure, _broker));
        }

        await _lost.CancelAsync();
    }

    /// <summary>Opens the connection instead of MQTTnet, so that writes are gathered and certificates are checked here.</summary>
    private sealed class StreamProvider(BrokerAddress broker, TlsIdentity identity, TimeProvider time) : IMqttClientStreamProvider
    {
        private volatile ObservedSslStream? _secure;
        private volatile CoalescingStream? _stream;

        /// <summary>The exception that made reading from the broker fail; null for none.</summary>
        public Exception? ReadFailure => _secure?.Failure;

        /// <summary>Completes when everything that was written is out, or cannot go out.</summary>
        public Task Finished => _stream?.Finished ?? Task.CompletedTask;

        public async Task<Stream> ConnectAsync(EndPoint brokerEndPoint, CancellationToken cancellationToken)
        {
            _secure = await TlsClient.ConnectAsync(broker, identity, cancellationToken);
            return _stream = new CoalescingStream(_secure, time);
        }
    }
}
