using System.Buffers;

namespace Cassini.Streams.Mqtt;

/// <summary>Topic names (MQTT 5.0 §4.7), which messages are published to.</summary>
internal static class TopicName
{
    public const byte Separator = (byte)'/';

    private static readonly SearchValues<byte> Forbidden = SearchValues.Create("+#\0"u8);

    /// <summary>
    /// Whether well-formed text is a topic name: at least one character [MQTT-4.7.3-1], no U+0000 [MQTT-4.7.3-2], no wildcard
    /// [MQTT-3.3.2-2].
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> topic) => !topic.IsEmpty && !topic.ContainsAny(Forbidden);

    /// <summary>Whether it is one of the server's own topics, which wildcards in the first level do not match [MQTT-4.7.2-1].</summary>
    public static bool IsSystem(ReadOnlySpan<byte> topic) => !topic.IsEmpty && topic[0] == '$';

    public static int Levels(ReadOnlySpan<byte> topic) => topic.Count(Separator) + 1;
}
