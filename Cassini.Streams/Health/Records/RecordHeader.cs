using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>The first line of a segment: where the segment starts, under which policy, and from which state.</summary>
internal static class RecordHeader
{
    public const string Format = "cassini-record";

    /// <summary>The version of the words in the state, the policy and the events.</summary>
    /// <remarks>
    /// 1: before the words for connections and sessions were changed; it cannot be read. 2: before refused handshakes had addresses
    /// and before there was a check of capacity. 3: before retained messages and descriptors were a part of capacity, and the backlog of
    /// absent clients was told apart. 4: before there was a check of the store. 5: before there was one of the settings.
    /// 6: before there was one of the fleet. <see cref="RecordUpgrade"/> adds what these lack. 7: at present.
    /// </remarks>
    public const int Version = 7;

    public static byte[] Write(HealthState state, DateTimeOffset startedAt, string program, HealthPolicy policy)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("format", Format);
            writer.WriteNumber("version", Version);
            writer.WriteString("epoch", state.Epoch.ToString());
            writer.WriteString("startedAt", startedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            writer.WriteString("cassini", program);
            writer.WriteNumber("through", state.Through);
            writer.WriteNumber("elapsed", Seconds.Of(state.Now));
            writer.WritePropertyName("policy");
            PolicyJson.Write(writer, policy);
            writer.WritePropertyName("state");
            StateJson.Write(writer, state);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Whether the line claims to be a header.</summary>
    public static bool IsHeader(JsonElement line) => line.ValueKind == JsonValueKind.Object && line.TryGetProperty("format", out _);

    /// <exception cref="JsonException">This version cannot read the header; the message says why.</exception>
    public static HealthRecordSegment Read(JsonElement line, long number)
    {
        try
        {
            if (Member(line, "format").GetString() != Format)
            {
                throw new JsonException($"format: it is not {Format}");
            }

            var version = Member(line, "version").GetInt32();
            if (version is < RecordUpgrade.From or > Version)
            {
                throw new JsonException(
                    $"version: {version}, written by Cassini {Member(line, "cassini").GetString()}; "
                    + $"this program reads versions {RecordUpgrade.From} to {Version}");
            }

            line = version == Version ? line : RecordUpgrade.Upgrade(line, version);

            if (!Epoch.TryParse(Member(line, "epoch").GetString(), out var epoch))
            {
                throw new JsonException("epoch: it is not 16 hexadecimal digits");
            }

            var through = Member(line, "through").GetInt64();
            var elapsed = Member(line, "elapsed").GetDecimal();
            if (through < 0 || elapsed is < 0 or > 365_000m * 86_400)
            {
                throw new JsonException("through or elapsed: out of range");
            }

            var policy = PolicyJson.Read(Member(line, "policy"));
            var now = TimeSpan.FromTicks((long)(elapsed * TimeSpan.TicksPerSecond));
            return new HealthRecordSegment(
                number,
                epoch,
                Member(line, "startedAt").GetDateTimeOffset(),
                Member(line, "cassini").GetString() ?? "",
                through,
                now,
                policy,
                StateJson.Read(Member(line, "state"), epoch, now, through, policy));
        }
        catch (Exception failure) when (failure is FormatException or InvalidOperationException or OverflowException or ArgumentException)
        {
            throw new JsonException(failure.Message, failure);
        }
    }

    private static JsonElement Member(JsonElement line, string name) =>
        line.TryGetProperty(name, out var member) ? member : throw new JsonException($"{name}: missing");
}
