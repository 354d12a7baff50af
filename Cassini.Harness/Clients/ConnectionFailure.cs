using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Cassini.Streams.Primitives;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Exceptions;

namespace Cassini.Harness.Clients;

/// <summary>Describes an exception or a refusal in one line that says what to do about it.</summary>
internal static partial class ConnectionFailure
{
    /// <summary>Whether the network or the broker caused it. Any other exception is a defect, and must not be caught.</summary>
    public static bool IsExpected(Exception exception) => exception is MqttCommunicationException or MqttProtocolViolationException
        or MqttClientNotConnectedException or MqttClientDisconnectedException or IOException or SocketException or AuthenticationException
        or OperationCanceledException or TimeoutException or ClientException;

    /// <summary>
    /// Whether MQTTnet stumbled over a connection that had ended: when that happens in the middle of a request, its parts are gone.
    /// </summary>
    public static bool IsOfEnded(Exception exception) =>
        exception is ObjectDisposedException or NullReferenceException { Source: nameof(MQTTnet) };

    /// <param name="exception">The exception.</param>
    /// <param name="read">The exception that made reading from the broker fail; null for none.</param>
    /// <param name="broker">The broker.</param>
    public static ClientException Of(Exception exception, Exception? read, BrokerAddress broker)
    {
        foreach (var cause in Causes(exception))
        {
            switch (cause)
            {
                case ClientException known:
                    return known;
                case SocketException socket:
                    return new ClientException($"{broker}: {SocketText.Of(socket.SocketErrorCode)}", cause: exception);
                case MqttClientUnexpectedDisconnectReceivedException { ReasonCode: { } code } end:
                    return new ClientException(
                        $"{broker}: the broker closed the connection: {Words(code)}{Because(end.ReasonString)}", cause: exception);
                case MqttCommunicationTimedOutException or OperationCanceledException or TimeoutException:
                    return new ClientException($"{broker}: no answer in time", cause: exception);
            }
        }

        if ((read ?? Causes(exception).Last()) is var last
            && (last is MqttClientNotConnectedException or MqttClientDisconnectedException || IsOfEnded(last)))
        {
            // Which say only that there is no connection any more, in the words of the library.
            return new ClientException($"{broker}: the broker closed the connection", cause: exception);
        }

        var innermost = Innermost(read ?? exception);
        return new ClientException(
            exception is MqttConnectingFailedException
                ? $"{broker}: the broker closed the connection before it answered, as brokers do when they do not accept "
                    + $"the client's certificate: {innermost}"
                : $"{broker}: the connection ended: {innermost}",
            cause: exception);
    }

    /// <summary>Whether the other side just closed an open connection: no refusal, no silence, and no absent network.</summary>
    public static bool IsWithoutReason(ClientException failure) => !failure.IsLasting
        && (failure.InnerException is null || Causes(failure.InnerException).All(cause => cause switch
        {
            SocketException socket =>
                socket.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown,
            MqttCommunicationTimedOutException or OperationCanceledException or TimeoutException => false,
            _ => true,
        }));

    /// <summary>The end of a connection that was not closed here.</summary>
    public static ClientException Lost(MqttClientDisconnectedEventArgs end, Exception? read, BrokerAddress broker) => end switch
    {
        // MQTTnet also reports a connection that ended without DISCONNECT as an unspecified error.
        {
            Exception: { } exception, Reason: MqttClientDisconnectReason.UnspecifiedError or MqttClientDisconnectReason.NormalDisconnection,
        } => Of(exception, read, broker),
        { Reason: var reason } => new ClientException(
            $"{broker}: the broker closed the connection: {Words(reason)}{Because(end.ReasonString)}",
            isLasting: reason is MqttClientDisconnectReason.SessionTakenOver or MqttClientDisconnectReason.NotAuthorized
                or MqttClientDisconnectReason.PacketTooLarge),
    };

    /// <summary>The answer to CONNECT, when it is not success.</summary>
    public static ClientException Refused(MqttClientConnectResult answer, BrokerAddress broker)
    {
        var mayPass = answer.ResultCode is MqttClientConnectResultCode.ServerUnavailable or MqttClientConnectResultCode.ServerBusy
            or MqttClientConnectResultCode.QuotaExceeded or MqttClientConnectResultCode.ConnectionRateExceeded;
        return new ClientException(
            $"{broker}: the broker refused the connection: {Words(answer.ResultCode)}{Because(answer.ReasonString)}", isLasting: !mayPass);
    }

    /// <summary>The answer to a PUBLISH, when it is not success.</summary>
    public static ClientException Refused(MqttClientPublishResult answer, string topic, BrokerAddress broker) => new(
        $"{broker}: the broker refused the message on '{SafeText.Of(topic)}': {Words(answer.ReasonCode)}{Because(answer.ReasonString)}",
        isLasting: true);

    /// <summary>The answer to one filter of a SUBSCRIBE, when it is not success.</summary>
    public static ClientException Refused(MqttClientSubscribeResultItem answer, string? reason, BrokerAddress broker) => new(
        $"{broker}: the broker refused the subscription to '{SafeText.Of(answer.TopicFilter.Topic)}': "
        + $"{Words(answer.ResultCode)}{Because(reason)}",
        isLasting: true);

    /// <summary>The message of the innermost exception, harmless for a terminal.</summary>
    public static string Innermost(Exception exception) => SafeText.Of(Causes(exception).Last() switch
    {
        SocketException socket => SocketText.Of(socket.SocketErrorCode)!,
        OperationCanceledException => "no answer in time",
        var cause => OpenSslCode().Replace(cause.Message, ""),
    });

    /// <summary>What stands before OpenSSL's words: <c>error:0A000418:SSL routines::tlsv1 alert unknown ca</c>.</summary>
    [GeneratedRegex("^error:[0-9A-Fa-f]{8}:[^:]*:[^:]*:", RegexOptions.CultureInvariant)]
    private static partial Regex OpenSslCode();

    /// <summary>A reason code in words, with its number: <c>not authorized (0x87)</c>.</summary>
    private static string Words<T>(T code)
        where T : struct, Enum
    {
        var name = string.Concat(code.ToString().Select((c, i) =>
            i > 0 && char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
        return $"{name.Replace("qo s", "QoS", StringComparison.Ordinal)} (0x{Convert.ToInt32(code):X2})";
    }

    private static string Because(string? reason) => string.IsNullOrEmpty(reason) ? "" : $": {SafeText.Of(reason)}";

    /// <summary>The exception and its inner exceptions, the innermost last.</summary>
    public static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
