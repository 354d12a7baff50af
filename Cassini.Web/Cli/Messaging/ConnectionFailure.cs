using System.Net.Sockets;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Cassini.Web.Cli.Messaging;

/// <summary>From what was thrown, or answered, to one line that says what to do about it.</summary>
internal static class ConnectionFailure
{
    public static MessagingException Of(Exception exception, ConnectionOptions options)
    {
        foreach (var cause in Causes(exception))
        {
            switch (cause)
            {
                case MessagingException known:
                    return known;
                case SocketException socket:
                    return new MessagingException($"{options.Broker}: {SocketText.Of(socket.SocketErrorCode)}", cause: exception);
                case MqttClientUnexpectedDisconnectReceivedException { ReasonCode: { } code } goodbye:
                    return new MessagingException($"{options.Broker}: the broker closed the connection: {Words(code)}{Because(goodbye.ReasonString)}", cause: exception);
                case MqttCommunicationTimedOutException or OperationCanceledException or TimeoutException:
                    return new MessagingException($"{options.Broker}: no answer in time", cause: exception);
            }
        }

        // With TLS 1.3 a client learns of the broker's verdict on its certificate only here, on its first read.
        var innermost = Innermost(exception);
        return new MessagingException(
            innermost.Contains("alert", StringComparison.OrdinalIgnoreCase)
                ? $"{options.Broker}: the broker refused the client's certificate: {innermost}"
                : $"{options.Broker}: the broker closed the connection: {innermost}",
            cause: exception);
    }

    /// <summary>The answer to CONNECT, when it is not success.</summary>
    public static MessagingException Refused(MqttClientConnectResult answer, ConnectionOptions options)
    {
        var mayPass = answer.ResultCode is MqttClientConnectResultCode.ServerUnavailable or MqttClientConnectResultCode.ServerBusy
            or MqttClientConnectResultCode.QuotaExceeded or MqttClientConnectResultCode.ConnectionRateExceeded;
        return new MessagingException(
            $"{options.Broker}: the broker refused the connection: {Words(answer.ResultCode)}{Because(answer.ReasonString)}", isLasting: !mayPass);
    }

    /// <summary>A reason code in words, with its number: <c>not authorized (0x87)</c>.</summary>
    public static string Words<T>(T code)
        where T : struct, Enum
    {
        var name = string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
        return $"{name.Replace("qo s", "QoS", StringComparison.Ordinal)} (0x{Convert.ToInt32(code):X2})";
    }

    public static string Because(string? reason) => string.IsNullOrEmpty(reason) ? "" : $": {TerminalText.Escape(reason)}";

    public static string Innermost(Exception exception) => TerminalText.Escape(Causes(exception).Last().Message);

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
