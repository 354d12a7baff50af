using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Web.Management;

/// <summary>
/// An event with its envelope as one line of JSON: <c>{"id","time","elapsed","type","category","event":{…}}</c>. Every
/// value can be read back exactly, except that the wall-clock time, which is for people, is cut to milliseconds.
/// </summary>
internal static class EventJson
{
    private static readonly ConcurrentDictionary<Type, Form> Forms = new();

    /// <summary>Reads and writes the event alone: camelCase, enums as camelCase words, durations as seconds.</summary>
    public static JsonSerializerOptions Options { get; } = MakeOptions();

    public static byte[] Serialize(EventEnvelope envelope)
    {
        var form = Forms.GetOrAdd(envelope.Event.GetType(), static type => new Form(
            JsonNamingPolicy.CamelCase.ConvertName(type.Name), Options.GetTypeInfo(type)));
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id", envelope.Id.ToString());
            writer.WriteString("time", envelope.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            writer.WriteNumber("elapsed", Seconds.Of(envelope.Elapsed));
            writer.WriteString("type", form.Name);
            writer.WriteString("category", CategoryFilter.NameOf(envelope.Event.Category));
            writer.WritePropertyName("event");
            JsonSerializer.Serialize(writer, envelope.Event, form.Shape);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static JsonSerializerOptions MakeOptions() => new(HealthJson.Options)
    {
        TypeInfoResolver = EventJsonContext.Default.WithAddedModifier(static shape =>
        {
            // The envelope says it already.
            if (shape.Type.IsAssignableTo(typeof(BrokerEvent))
                && shape.Properties.FirstOrDefault(property => property.Name == "category") is { } category)
            {
                shape.Properties.Remove(category);
            }
        }),
        Converters = { new Seconds(), new EventIdText(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private sealed record Form(string Name, JsonTypeInfo Shape);

    /// <summary>A duration as a number of seconds, exact to the tick.</summary>
    private sealed class Seconds : JsonConverter<TimeSpan>
    {
        public static decimal Of(TimeSpan time) => (decimal)time.Ticks / TimeSpan.TicksPerSecond;

        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromTicks((long)(reader.GetDecimal() * TimeSpan.TicksPerSecond));

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(Of(value));
    }

    private sealed class EventIdText : JsonConverter<EventId>
    {
        public override EventId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            EventId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not an event id");

        public override void Write(Utf8JsonWriter writer, EventId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ListenerConfigured))]
[JsonSerializable(typeof(ListenerBound))]
[JsonSerializable(typeof(BindFailed))]
[JsonSerializable(typeof(ListenerClosed))]
[JsonSerializable(typeof(AcceptFailed))]
[JsonSerializable(typeof(ConnectionAccepted))]
[JsonSerializable(typeof(HandshakeCompleted))]
[JsonSerializable(typeof(HandshakeFailed))]
[JsonSerializable(typeof(ConnectionClosed))]
[JsonSerializable(typeof(IdentityQuarantined))]
[JsonSerializable(typeof(SessionOpened))]
[JsonSerializable(typeof(SessionClosed))]
[JsonSerializable(typeof(ClientConnected))]
[JsonSerializable(typeof(ClientRefused))]
[JsonSerializable(typeof(ProtocolViolated))]
[JsonSerializable(typeof(AccessDenied))]
[JsonSerializable(typeof(SessionExpired))]
[JsonSerializable(typeof(Crashed))]
[JsonSerializable(typeof(Restarted))]
[JsonSerializable(typeof(GaveUp))]
[JsonSerializable(typeof(HeartbeatReceived))]
[JsonSerializable(typeof(AcceptProbed))]
[JsonSerializable(typeof(CanaryDisabled))]
[JsonSerializable(typeof(CanarySucceeded))]
[JsonSerializable(typeof(CanaryFailed))]
[JsonSerializable(typeof(CertificateLoaded))]
[JsonSerializable(typeof(CertificateReloadFailed))]
[JsonSerializable(typeof(CertificateExpiring))]
[JsonSerializable(typeof(TopicCreated))]
[JsonSerializable(typeof(TopicRemoved))]
[JsonSerializable(typeof(LoadSampled))]
[JsonSerializable(typeof(MessagesDropped))]
[JsonSerializable(typeof(PhaseEntered))]
[JsonSerializable(typeof(PhaseLeft))]
[JsonSerializable(typeof(HealthChanged))]
internal sealed partial class EventJsonContext : JsonSerializerContext;
