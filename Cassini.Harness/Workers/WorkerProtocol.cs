using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>
/// The gRPC method between workers and their controller: one bidirectional stream for each worker, with messages in JSON. Its end is the
/// worker's end. Pings of HTTP/2 find a peer that no longer answers.
/// </summary>
internal static class WorkerProtocol
{
    /// <summary>The version that both sides must speak.</summary>
    public const int Version = 3;

    /// <summary>The longest message, in bytes.</summary>
    public const int MaxMessageBytes = 4 << 20;

    /// <summary>After so long without data from the peer it is pinged.</summary>
    public static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(1);

    /// <summary>After so long without an answer to the ping the peer is lost.</summary>
    public static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The method. A worker calls it and sends <see cref="WorkerMessage.Hello"/>.</summary>
    public static readonly Method<WorkerMessage, ControllerMessage> Join =
        new(MethodType.DuplexStreaming, "cassini.harness.Workers", "Join", Marshaller<WorkerMessage>(), Marshaller<ControllerMessage>());

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Why a call failed, in words for people.</summary>
    public static string Words(Exception exception) => exception is RpcException { Status: var status }
        ? status.DebugException is { } cause ? ConnectionFailure.Innermost(cause) : SafeText.Of(status.Detail)
        : ConnectionFailure.Innermost(exception);

    /// <summary>
    /// Whether the stream or its connection has ended. InvalidOperationException is what gRPC throws for a write after the end of the call.
    /// </summary>
    public static bool IsEnd(Exception exception) =>
        exception is RpcException or IOException or OperationCanceledException or InvalidOperationException;

    private static Marshaller<T> Marshaller<T>()
        where T : class =>
        Marshallers.Create(
            message => JsonSerializer.SerializeToUtf8Bytes(message, Json),
            bytes =>
            {
                try
                {
                    return JsonSerializer.Deserialize<T>(bytes, Json) ?? throw new JsonException("The message is null.");
                }
                catch (NotSupportedException exception)
                {
                    throw new JsonException(exception.Message, exception); // A message without a type.
                }
            });
}
