using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Cassini.Streams.Events;
using MQTTnet;
using MQTTnet.Channel;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;

namespace Cassini.Harness.Load;

/// <summary>One MQTT connection, from its CONNECT to its end. Whoever loses it opens another.</summary>
internal sealed class MqttLink : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly CancellationTokenSource _lost = new();
    private readonly Opener _opener;
    private readonly TimeProvider _time;
    private int _disposed;

    private MqttLink(BrokerAddress broker, TlsIdentity identity, TimeProvider time)
    {
        _time = time;
        _opener = new Opener(broker, identity, time);
        _client.DisconnectedAsync += _ => _lost.CancelAsync();
    }

    public IMqttClient Client => _client;

    /// <summary>Cancelled when the connection is gone.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether the broker still had this client's session.</summary>
    public bool HasSession { get; private set; }

    /// <summary>How many messages of QoS 1 and 2 the broker takes at once [MQTT-3.3.4-9].</summary>
    public int ReceiveMaximum { get; private set; }

    /// <param name="broker">The broker.</param>
    /// <param name="identity">Certificates.</param>
    /// <param name="session">Who connects, and what is to become of its session.</param>
    /// <param name="time">The clock.</param>
    /// <param name="received">Gets every message, one after another.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HarnessException">It cannot be opened.</exception>
    public static async Task<MqttLink> OpenAsync(
        BrokerAddress broker, TlsIdentity identity, MqttSession session, TimeProvider time,
        Func<MqttApplicationMessageReceivedEventArgs, Task>? received, CancellationToken cancellation)
    {
        var link = new MqttLink(broker, identity, time);
        try
        {
            if (received is not null)
            {
                link._client.ApplicationMessageReceivedAsync += received;
            }

            using var patience = new CancellationTokenSource(Patience, time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            var answer = await link._client.ConnectAsync(link.Options(session), limit.Token);
            if (answer.ResultCode != MqttClientConnectResultCode.Success)
            {
                throw new HarnessException($"broker {broker.Name} refused the connection: {answer.ResultCode} {answer.ReasonString}".TrimEnd());
            }

            link.HasSession = answer.IsSessionPresent;
            link.ReceiveMaximum = answer.ReceiveMaximum ?? ushort.MaxValue;
            return link;
        }
        catch (Exception exception) when (IsConnectionTrouble(exception) && !cancellation.IsCancellationRequested)
        {
            await link.DisposeAsync();
            throw exception as HarnessException ?? new HarnessException($"broker {broker.Name} at {broker.Host}:{broker.Port}: {Words(exception)}", exception);
        }
        catch
        {
            await link.DisposeAsync();
            cancellation.ThrowIfCancellationRequested(); // MQTTnet has other names for it.
            throw;
        }
    }

    /// <summary>What the network and the other side bring about, and no mistake of ours.</summary>
    public static bool IsConnectionTrouble(Exception exception) => exception is MqttCommunicationException or MqttProtocolViolationException
        or MqttClientNotConnectedException or IOException or SocketException or AuthenticationException or ObjectDisposedException
        or OperationCanceledException or InvalidOperationException or HarnessException;

    public static string Words(Exception exception)
    {
        var innermost = exception;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        return innermost switch
        {
            SocketException socket => SocketText.Of(socket.SocketErrorCode)!,
            OperationCanceledException => "no answer in time",
            _ => innermost.Message,
        };
    }

    /// <summary>Ends it, with a DISCONNECT where there is still somebody to hear it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (_client.IsConnected)
        {
            try
            {
                using var patience = new CancellationTokenSource(Goodbye, _time);
                await _client.DisconnectAsync(new MqttClientDisconnectOptions { SessionExpiryInterval = 0 }, patience.Token);
            }
            catch (Exception exception) when (IsConnectionTrouble(exception))
            {
                // It went by itself.
            }
        }

        _client.Dispose();
        await _opener.Finished;
        await _lost.CancelAsync();
    }

    private MqttClientOptions Options(MqttSession session) => new()
    {
        ClientId = session.ClientId,
        ProtocolVersion = MqttProtocolVersion.V500,
        CleanSession = session.IsNew,
        SessionExpiryInterval = session.ExpirySeconds,
        KeepAlivePeriod = TimeSpan.FromSeconds(30),
        ReceiveMaximum = ushort.MaxValue,
        ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = _opener.Endpoint, StreamProvider = _opener },
    };

    /// <summary>Opens the connection in place of MQTTnet, so that writes are gathered and certificates are judged our way.</summary>
    private sealed class Opener(BrokerAddress broker, TlsIdentity identity, TimeProvider time) : IMqttClientStreamProvider
    {
        private CoalescingStream? _stream;

        public EndPoint Endpoint { get; } =
            IPAddress.TryParse(broker.Host, out var address) ? new IPEndPoint(address, broker.Port) : new DnsEndPoint(broker.Host, broker.Port);

        public Task Finished => _stream?.Finished ?? Task.CompletedTask;

        public async Task<Stream> ConnectAsync(EndPoint brokerEndPoint, CancellationToken cancellationToken)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(brokerEndPoint, cancellationToken);
                var secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
                await secure.AuthenticateAsClientAsync(identity.AsClientOf(broker.ServerName), cancellationToken);
                return _stream = new CoalescingStream(secure, time);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
