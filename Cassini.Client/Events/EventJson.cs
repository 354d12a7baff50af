using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Events;

/// <summary>The result of reading a line that should be an event.</summary>
internal enum EventLine
{
    /// <summary>An event.</summary>
    Event,

    /// <summary>An event type that this version does not know, because a newer Cassini wrote it.</summary>
    UnknownType,

    /// <summary>Anything else.</summary>
    Malformed,
}

/// <summary>
/// An event with its envelope as one line of JSON: <c>{"id","time","elapsed","type","category","event":{…}}</c>. Every
/// value can be read back exactly, except that the wall-clock time, which is for people, is cut to milliseconds.
/// </summary>
public static class EventJson
{
    private static readonly FrozenDictionary<Type, Form> Forms;
    private static readonly FrozenDictionary<string, Form> FormsByName;

    static EventJson()
    {
        Options = MakeOptions();
        Forms = MakeForms();
        FormsByName = Forms.Values.ToFrozenDictionary(form => form.Name, StringComparer.Ordinal);
    }

    /// <summary>Reads and writes the event alone: camelCase, enums as camelCase words, durations as seconds.</summary>
    internal static JsonSerializerOptions Options { get; }

    /// <summary>The name of the event's type, as in the property <c>type</c>: <c>connectionAccepted</c>.</summary>
    public static string NameOf(BrokerEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        return Forms[happened.GetType()].Name;
    }

    /// <summary>The line, without its end.</summary>
    public static byte[] Serialize(EventEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var form = Forms[envelope.Event.GetType()];
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id", envelope.Id.ToString());
            writer.WriteString("time", envelope.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            writer.WriteNumber("elapsed", Seconds.Of(envelope.Elapsed));
            writer.WriteString("type", form.Name);
            writer.WriteString("category", form.Category(envelope.Event));
            writer.WritePropertyName("event");
            JsonSerializer.Serialize(writer, envelope.Event, form.Shape);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Serialize"/> wrote. Unknown properties are ignored.</summary>
    /// <param name="line">One line of JSON, in UTF-8.</param>
    /// <param name="envelope">The event; null when it cannot be read.</param>
    /// <param name="error">Why it cannot be read; null when it can.</param>
    internal static EventLine TryRead(ReadOnlySpan<byte> line, out EventEnvelope? envelope, out string? error)
    {
        envelope = null;
        try
        {
            return Read(line, out envelope, out error);
        }
        catch (Exception failure)
            when (failure is JsonException or FormatException or InvalidOperationException or OverflowException or ArgumentException)
        {
            error = $"not an event: {(failure is JsonException json ? JsonProblem.ReasonOf(json) : failure.Message)}";
            return EventLine.Malformed;
        }
    }

    private static EventLine Read(ReadOnlySpan<byte> line, out EventEnvelope? envelope, out string? error)
    {
        var reader = new Utf8JsonReader(line);
        envelope = null;
        error = null;
        EventId? id = null;
        DateTimeOffset? time = null;
        TimeSpan? elapsed = null;
        string? type = null;
        ReadOnlySpan<byte> body = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            error = "not an event: no JSON object";
            return EventLine.Malformed;
        }

        // A day's record has a few hundred thousand lines, so names are compared in the buffer, without strings.
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = EventId.TryParse(reader.GetString(), out var read) ? read : null;
            }
            else if (reader.ValueTextEquals("time"u8))
            {
                reader.Read();
                time = reader.GetDateTimeOffset();
            }
            else if (reader.ValueTextEquals("elapsed"u8))
            {
                reader.Read();
                elapsed = Seconds.Read(ref reader);
            }
            else if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = reader.GetString();
            }
            else if (reader.ValueTextEquals("event"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                body = line[start..(int)reader.BytesConsumed];
            }
            else
            {
                reader.Skip();
            }
        }

        // A line that continues after its object, or ends within it, is not an event.
        if (reader.TokenType != JsonTokenType.EndObject || reader.Read() || id is null
            || time is null || elapsed is null || type is null || body.IsEmpty)
        {
            error = "not an event: id, time, elapsed, type or event is missing or malformed";
            return EventLine.Malformed;
        }

        if (!FormsByName.TryGetValue(type, out var form))
        {
            error = $"an event of an unknown type, '{type}'";
            return EventLine.UnknownType;
        }

        if (JsonSerializer.Deserialize(body, form.Shape) is not BrokerEvent happened)
        {
            error = "not an event: its body is null";
            return EventLine.Malformed;
        }

        envelope = new EventEnvelope(id.Value.Epoch, id.Value.Sequence, time.Value, elapsed.Value, happened);
        return EventLine.Event;
    }

    private static FrozenDictionary<Type, Form> MakeForms() => typeof(BrokerEvent).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(BrokerEvent)))
        .ToFrozenDictionary(type => type, type => new Form(JsonNamingPolicy.CamelCase.ConvertName(type.Name), Options.GetTypeInfo(type)));

    private static JsonSerializerOptions MakeOptions() => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        TypeInfoResolver = EventJsonContext.Default.WithAddedModifier(static shape =>
        {
            // The envelope already has the category.
            if (shape.Type.IsAssignableTo(typeof(BrokerEvent))
                && shape.Properties.FirstOrDefault(property => property.Name == "category") is { } category)
            {
                shape.Properties.Remove(category);
            }
        }),
        Converters =
        {
            new Seconds(),
            new EventIdText(),
            new UtcMilliseconds(),
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false),
        },
    };

    private sealed record Form(string Name, JsonTypeInfo Shape)
    {
        private static readonly string[] Categories = [.. Enum.GetNames<EventCategory>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

        public string Category(BrokerEvent happened) => Categories[(int)happened.Category];
    }

    private sealed class EventIdText : JsonConverter<EventId>
    {
        public override EventId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            EventId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not an event id");

        public override void Write(Utf8JsonWriter writer, EventId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
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
[JsonSerializable(typeof(ConnectionOpened))]
[JsonSerializable(typeof(ConnectionClosed))]
[JsonSerializable(typeof(IdentityQuarantined))]
[JsonSerializable(typeof(SessionOpened))]
[JsonSerializable(typeof(SessionClosed))]
[JsonSerializable(typeof(SessionEnded))]
[JsonSerializable(typeof(ClientRefused))]
[JsonSerializable(typeof(ClientIdContested))]
[JsonSerializable(typeof(ProtocolViolated))]
[JsonSerializable(typeof(AccessDenied))]
[JsonSerializable(typeof(AccessRulesChanged))]
[JsonSerializable(typeof(RemedyApplied))]
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
[JsonSerializable(typeof(CapacityReached))]
[JsonSerializable(typeof(PhaseEntered))]
[JsonSerializable(typeof(PhaseLeft))]
[JsonSerializable(typeof(DrainStageEntered))]
[JsonSerializable(typeof(DrainStageLeft))]
[JsonSerializable(typeof(StoreRecovering))]
[JsonSerializable(typeof(StoreOpened))]
[JsonSerializable(typeof(StoreFailed))]
[JsonSerializable(typeof(StoreResumed))]
[JsonSerializable(typeof(ConfigurationLoaded))]
[JsonSerializable(typeof(ConfigurationReloadFailed))]
[JsonSerializable(typeof(LogLevelChanged))]
[JsonSerializable(typeof(EngineConnected))]
[JsonSerializable(typeof(EngineLost))]
[JsonSerializable(typeof(FleetEntered))]
[JsonSerializable(typeof(NameTaken))]
[JsonSerializable(typeof(NameFreed))]
[JsonSerializable(typeof(FleetJoined))]
[JsonSerializable(typeof(FleetJoinLate))]
[JsonSerializable(typeof(PeerJoined))]
[JsonSerializable(typeof(PeerSuspected))]
[JsonSerializable(typeof(PeerBack))]
[JsonSerializable(typeof(PeerLost))]
[JsonSerializable(typeof(PeerLeft))]
[JsonSerializable(typeof(PeerForgotten))]
[JsonSerializable(typeof(PeerSeen))]
[JsonSerializable(typeof(SessionArrived))]
[JsonSerializable(typeof(SessionNotArrived))]
[JsonSerializable(typeof(InterestLagging))]
[JsonSerializable(typeof(InterestConfirmed))]
[JsonSerializable(typeof(PeerDiffers))]
[JsonSerializable(typeof(PeerClockSkewed))]
[JsonSerializable(typeof(LinkStalled))]
[JsonSerializable(typeof(LinkResumed))]
[JsonSerializable(typeof(LinkDropping))]
[JsonSerializable(typeof(LinkRecovered))]
[JsonSerializable(typeof(RetainedIncomplete))]
[JsonSerializable(typeof(RetainedComplete))]
[JsonSerializable(typeof(MessagesNotKept))]
[JsonSerializable(typeof(MessagesKept))]
[JsonSerializable(typeof(HealthChanged))]
internal sealed partial class EventJsonContext : JsonSerializerContext;
