using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;
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
    public const int Version = 5;

    /// <summary>The longest message, in bytes: an order with the longest payload of a plan fits, even if it is all quotes.</summary>
    public const int MaxMessageBytes = 32 << 20;

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
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // No web page reads it, and a text stays as long as it is.
        TypeInfoResolver = WorkerJsonContext.Default,
        Converters =
        {
            new JsonStringEnumConverter<PayloadKind>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<WorkerRole>(JsonNamingPolicy.CamelCase),
        },
    };

    /// <summary>Why a call failed, in words for people.</summary>
    public static string Words(Exception exception) => exception is RpcException { Status: var status }
        ? status.DebugException is { } cause ? ConnectionFailure.Innermost(cause) : SafeText.Of(status.Detail)
        : ConnectionFailure.Innermost(exception);

    /// <summary>
    /// Whether an exception of a read or a write says that the stream or its connection has ended. Any other one is a failure of this
    /// message, and leaves the stream open.
    /// </summary>
    /// <param name="exception">The exception.</param>
    /// <param name="hasCallEnded">
    /// Whether the call has ended: then gRPC throws InvalidOperationException. It does so too for two writes at once, which are a defect.
    /// </param>
    public static bool IsEnd(Exception exception, bool hasCallEnded) => exception switch
    {
        RpcException { StatusCode: var code } => code != StatusCode.ResourceExhausted, // The message is too long.
        InvalidOperationException => hasCallEnded,
        _ => exception is IOException or OperationCanceledException,
    };

    /// <summary>Whether a call of a worker has ended.</summary>
    public static bool HasEnded(AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage> call)
    {
        try
        {
            _ = call.GetStatus();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // It has no status yet.
        }
    }

    /// <summary>A message's name, as its JSON has it.</summary>
    public static string NameOf(object message) => message.GetType().Name.ToLowerInvariant();

    /// <summary>For a message that the protocol does not allow at this moment. Its text continues "is lost:".</summary>
    public static HarnessException Unexpected(object message) => new($"it sent '{NameOf(message)}', which is not expected now");

    private static JsonTypeInfo<T> ShapeOf<T>() => (JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T));

    private static Marshaller<T> Marshaller<T>()
        where T : class =>
        Marshallers.Create(
            message =>
            {
                // Here, because gRPC names neither size.
                var bytes = JsonSerializer.SerializeToUtf8Bytes(message, ShapeOf<T>());
                return bytes.Length <= MaxMessageBytes
                    ? bytes
                    : throw new HarnessException(
                        $"the message '{NameOf(message)}' has {bytes.Length} bytes, more than the {MaxMessageBytes} that one may have");
            },
            bytes =>
            {
                try
                {
                    return JsonSerializer.Deserialize(bytes, ShapeOf<T>()) ?? throw new JsonException("The message is null.");
                }
                catch (NotSupportedException exception)
                {
                    throw new JsonException(exception.Message, exception); // A message without a type.
                }
            });
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WorkerMessage))]
[JsonSerializable(typeof(ControllerMessage))]
internal sealed partial class WorkerJsonContext : JsonSerializerContext;
