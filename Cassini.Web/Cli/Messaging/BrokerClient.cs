using System.Net;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Cassini.Web.Cli.Messaging;

/// <summary>One connection to a broker, from its handshake to its goodbye. Every failure is a <see cref="MessagingException"/>.</summary>
internal sealed class BrokerClient : IAsyncDisposable
{
    /// <summary>How long a connect, or an answer, may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly TaskCompletionSource<MessagingException> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConnectionOptions _options;
    private readonly TlsStreamProvider _provider;

    private BrokerClient(ConnectionOptions options, ClientTls tls, Action<MqttApplicationMessage>? receive)
    {
        _options = options;
        _provider = new TlsStreamProvider(options, tls);
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

    /// <summary>Completes, with the reason, when the connection is gone before it was closed here.</summary>
    public Task<MessagingException> Lost => _lost.Task;

    /// <summary>Connects.</summary>
    /// <param name="options">To whom, as whom.</param>
    /// <param name="tls">The certificates.</param>
    /// <param name="receive">Is given each message, one after the other.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="MessagingException">There is no connection; the message says why.</exception>
    public static async Task<BrokerClient> ConnectAsync(
        ConnectionOptions options, ClientTls tls, Action<MqttApplicationMessage>? receive, CancellationToken cancellation)
    {
        var client = new BrokerClient(options, tls, receive);
        try
        {
            var answer = await client.TryAsync(() => client._client.ConnectAsync(client.Options(), cancellation), cancellation);
            return answer.ResultCode == MqttClientConnectResultCode.Success ? client : throw ConnectionFailure.Refused(answer, options);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="MessagingException">The broker refused the message, or went away.</exception>
    public async Task PublishAsync(MqttApplicationMessage message, CancellationToken cancellation)
    {
        var answer = await TryAsync(() => _client.PublishAsync(message, cancellation), cancellation);
        if (!answer.IsSuccess)
        {
            throw new MessagingException(
                $"{_options.Broker}: the broker refused the message on '{TerminalText.Escape(message.Topic)}': "
                + $"{ConnectionFailure.Words(answer.ReasonCode)}{ConnectionFailure.Because(answer.ReasonString)}",
                isLasting: true);
        }
    }

    /// <exception cref="MessagingException">The broker refused one of the filters, or went away.</exception>
    public async Task SubscribeAsync(IReadOnlyList<string> filters, bool noRetained, CancellationToken cancellation)
    {
        var request = new MqttClientSubscribeOptionsBuilder();
        foreach (var filter in filters)
        {
            request.WithTopicFilter(topic => topic
                .WithTopic(filter)
                .WithQualityOfServiceLevel(_options.QoS)
                .WithRetainHandling(noRetained && _options.Version == MqttProtocolVersion.V500
                    ? MqttRetainHandling.DoNotSendOnSubscribe
                    : MqttRetainHandling.SendAtSubscribe));
        }

        var answer = await TryAsync(() => _client.SubscribeAsync(request.Build(), cancellation), cancellation);
        if (answer.Items.FirstOrDefault(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
        {
            throw new MessagingException(
                $"{_options.Broker}: the broker refused the subscription to '{TerminalText.Escape(refused.TopicFilter.Topic)}': "
                + $"{ConnectionFailure.Words(refused.ResultCode)}{ConnectionFailure.Because(answer.ReasonString)}",
                isLasting: true);
        }
    }

    /// <summary>Says goodbye, if anybody is there to hear it.</summary>
    public async ValueTask DisposeAsync()
    {
        _client.DisconnectedAsync -= Disconnected;
        if (_client.IsConnected)
        {
            try
            {
                await _client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // The broker was quicker. The work is done, or its failure is told already.
            }
        }

        _client.Dispose();
    }

    private MqttClientOptions Options() => new MqttClientOptionsBuilder()
        .WithEndPoint(IPAddress.TryParse(_options.Host, out var address) ? new IPEndPoint(address, _options.Port) : new DnsEndPoint(_options.Host, _options.Port))
        .WithStreamProvider(_provider)
        .WithTlsOptions(none => none.UseTls(false)) // The stream is secured already.
        .WithProtocolVersion(_options.Version)
        .WithClientId(_options.ClientId)
        .WithCleanSession()
        .WithoutPacketFragmentation()
        .WithTimeout(Patience)
        .Build();

    private async Task<T> TryAsync<T>(Func<Task<T>> action, CancellationToken cancellation)
    {
        try
        {
            return await action();
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception exception) when (exception is not MessagingException)
        {
            throw ConnectionFailure.Of(exception, _provider.ReadFailure, _options);
        }
    }

    private Task Disconnected(MqttClientDisconnectedEventArgs goodbye)
    {
        if (goodbye.ClientWasConnected)
        {
            _lost.TrySetResult(ReasonOf(goodbye));
        }

        return Task.CompletedTask;
    }

    // MQTTnet tells a connection that just ended as an unspecified error, too.
    private MessagingException ReasonOf(MqttClientDisconnectedEventArgs goodbye) => goodbye switch
    {
        { Exception: { } exception, Reason: MqttClientDisconnectReason.UnspecifiedError or MqttClientDisconnectReason.NormalDisconnection } =>
            ConnectionFailure.Of(exception, _provider.ReadFailure, _options),
        { Reason: var reason } => new MessagingException(
            $"{_options.Broker}: the broker closed the connection: {ConnectionFailure.Words(reason)}{ConnectionFailure.Because(goodbye.ReasonString)}",
            isLasting: reason is MqttClientDisconnectReason.SessionTakenOver or MqttClientDisconnectReason.NotAuthorized),
    };
}
