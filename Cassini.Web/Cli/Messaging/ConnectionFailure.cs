using System.Net.Sockets;
using Cassini.Streams.Events;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Exceptions;

namespace Cassini.Web.Cli.Messaging;

/// <summary>From what was thrown, or answered, to one line that says what to do about it.</summary>
internal static class ConnectionFailure
{
    /// <param name="exception">What was thrown.</param>
    /// <param name="read">What made reading from the broker fail, if anything did.</param>
    /// <param name="options">Which broker it is.</param>
    public static MessagingException Of(Exception exception, Exception? read, ConnectionOptions options)
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

        var innermost = Innermost(read ?? exception);
        return new MessagingException(
            exception is MqttConnectingFailedException
                ? $"{options.Broker}: the broker hung up before its answer, as one does that does not accept the client's certificate: {innermost}"
                : $"{options.Broker}: the connection ended: {innermost}",
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
