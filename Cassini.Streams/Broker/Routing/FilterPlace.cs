using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>The position of a valid filter in the tree.</summary>
/// <param name="Levels">The levels without a trailing <c>#</c>; null when there are none, which differs from one empty level.</param>
/// <param name="Below">Whether it ends with <c>#</c>.</param>
/// <param name="ShareName">The name of the share; null when it is not shared.</param>
internal readonly record struct FilterPlace(byte[]? Levels, bool Below, string? ShareName)
{
    public static FilterPlace Of(string filter)
    {
        TopicFilter.TrySplit(MqttText.Encode(filter), out var share, out var inner);
        var below = inner[^1] == '#';
        var levels = !below ? inner.ToArray() : inner.Length == 1 ? null : inner[..^2].ToArray();
        return new FilterPlace(levels, below, share.IsEmpty ? null : MqttText.Decode(share));
    }
}
