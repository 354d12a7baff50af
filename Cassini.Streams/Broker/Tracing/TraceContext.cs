using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Broker.Tracing;

/// <summary>
/// The trace that a message belongs to, from its user properties <c>traceparent</c> and <c>tracestate</c> (W3C Trace Context, and its
/// draft for MQTT). A malformed or repeated property is ignored, as if there were none. Reading it allocates nothing.
/// </summary>
internal readonly ref struct TraceContext
{
    private const int TraceAt = 3;
    private const int TraceLength = 32;
    private const int SpanAt = 36;
    private const int SpanLength = 16;
    private const int FlagsAt = 53;

    /// <summary>How long a traceparent of version 00 is.</summary>
    private const int ParentLength = 55;

    private readonly ReadOnlySpan<byte> _parent;
    private readonly ReadOnlySpan<byte> _properties;

    private TraceContext(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> parent)
    {
        _properties = properties;
        _parent = parent;
    }

    private static ReadOnlySpan<byte> ParentName => "traceparent"u8;

    private static ReadOnlySpan<byte> StateName => "tracestate"u8;

    /// <summary>Whether the message belongs to a trace.</summary>
    public bool Exists => !_parent.IsEmpty;

    /// <summary>Whether that trace is recorded.</summary>
    public bool IsSampled => Exists && (Hex(_parent[FlagsAt + 1]) & 1) != 0;

    /// <summary>Reads the trace context from encoded properties.</summary>
    public static TraceContext Of(ReadOnlySpan<byte> properties)
    {
        ReadOnlySpan<byte> parent = default;
        var parents = 0;
        var scanner = new UserPropertyScanner(properties);
        while (scanner.MoveNext())
        {
            if (scanner.Name.SequenceEqual(ParentName))
            {
                parent = scanner.Value;
                parents++;
            }
        }

        return new TraceContext(properties, parents == 1 && IsValid(parent) ? parent : default);
    }

    /// <summary>The trace context as the parent of a span; the default value when there is none.</summary>
    public ActivityContext ToActivityContext() => Exists
        ? new ActivityContext(
            ActivityTraceId.CreateFromUtf8String(_parent.Slice(TraceAt, TraceLength)),
            ActivitySpanId.CreateFromUtf8String(_parent.Slice(SpanAt, SpanLength)),
            IsSampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None,
            State(),
            isRemote: true)
        : default;

    /// <summary>
    /// The same properties with another span as the one traceparent, in place of any that they had. The tracestate of a trace that
    /// continues is kept; without such a trace it is dropped, because it has no meaning.
    /// </summary>
    public byte[] PropertiesUnder(ActivityContext span)
    {
        Span<byte> parent = stackalloc byte[ParentLength];
        var flags = (int)(span.TraceFlags & ActivityTraceFlags.Recorded);
        Encoding.ASCII.GetBytes($"00-{span.TraceId.ToHexString()}-{span.SpanId.ToHexString()}-0{flags}", parent);
        var own = 1 + sizeof(ushort) + ParentName.Length + sizeof(ushort) + ParentLength;
        var to = new byte[_properties.Length + own];
        var written = CopyOthers(to);
        to[written] = (byte)PropertyId.UserProperty;
        written = Write(to, written + 1, ParentName);
        written = Write(to, written, parent);
        return to.Length == written ? to : to[..written];
    }

    private static int Write(byte[] to, int at, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to.AsSpan(at), (ushort)text.Length);
        text.CopyTo(to.AsSpan(at + sizeof(ushort)));
        return at + sizeof(ushort) + text.Length;
    }

    private static bool IsValid(ReadOnlySpan<byte> parent)
    {
        // Later versions may add fields after a dash; ff is not a version.
        if (parent.Length < ParentLength || parent[2] != '-' || parent[35] != '-' || parent[52] != '-'
            || (parent.Length > ParentLength && (parent.StartsWith("00"u8) || parent[ParentLength] != '-'))
            || parent.StartsWith("ff"u8))
        {
            return false;
        }

        return IsHex(parent[..2]) && IsHex(parent.Slice(FlagsAt, 2))
            && IsId(parent.Slice(TraceAt, TraceLength)) && IsId(parent.Slice(SpanAt, SpanLength));
    }

    private static bool IsId(ReadOnlySpan<byte> id) => IsHex(id) && id.ContainsAnyExcept((byte)'0');

    private static bool IsHex(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept("0123456789abcdef"u8);

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : digit - 'a' + 10;

    private int CopyOthers(byte[] to)
    {
        var written = 0;
        var copied = 0;
        var scanner = new UserPropertyScanner(_properties);
        while (scanner.MoveNext())
        {
            if (scanner.Name.SequenceEqual(ParentName) || (!Exists && scanner.Name.SequenceEqual(StateName)))
            {
                written = Copy(_properties[copied..scanner.At], to, written);
                copied = scanner.At + scanner.Length;
            }
        }

        return Copy(_properties[copied..], to, written);
    }

    private static int Copy(ReadOnlySpan<byte> from, byte[] to, int at)
    {
        from.CopyTo(to.AsSpan(at));
        return at + from.Length;
    }

    /// <summary>The tracestate may be split over several properties, which are joined in their order.</summary>
    private string? State()
    {
        string? state = null;
        var scanner = new UserPropertyScanner(_properties);
        while (scanner.MoveNext())
        {
            if (scanner.Name.SequenceEqual(StateName))
            {
                var piece = MqttText.Decode(scanner.Value);
                state = state is null ? piece : $"{state},{piece}";
            }
        }

        return state;
    }
}
