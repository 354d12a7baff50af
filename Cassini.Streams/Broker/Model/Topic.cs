using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A topic that somebody published to, with the way to its subscribers as it was last looked up. Shared by all that publish to
/// it.
/// </summary>
internal sealed class Topic(byte[] utf8, bool isListed, long usedAt)
{
    private string? _name;
    private Route? _route;
    private bool _isRemoved;
    private long _usedAt = usedAt;

    public byte[] Utf8 { get; } = utf8;

    public string Name => _name ??= MqttText.Decode(Utf8);

    /// <summary>Whether it is the broker's own: limits do not hold for it.</summary>
    public bool IsSystem => IsOurs(Utf8);

    /// <summary>Whether it is in the table of topics, and not one too many.</summary>
    public bool IsListed { get; } = isListed;

    /// <summary>Whether its creation was told as an event, and its removal must be.</summary>
    public bool IsTold { get; set; }

    /// <summary>Whether it was taken off the table: whoever still holds it asks the table anew.</summary>
    public bool IsRemoved
    {
        get => Volatile.Read(ref _isRemoved);
        set => Volatile.Write(ref _isRemoved, value);
    }

    /// <summary>Where its messages went last; good as long as the tree still has the route's version.</summary>
    public Route? Route
    {
        get => Volatile.Read(ref _route);
        set => Volatile.Write(ref _route, value);
    }

    /// <summary>When it was last published to: a timestamp.</summary>
    public long UsedAt
    {
        get => Volatile.Read(ref _usedAt);
        set => Volatile.Write(ref _usedAt, value);
    }

    /// <summary>Whether it is the broker's own. Other names with a <c>$</c> may be clients', if the rules say so.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> name) => name.StartsWith("$SYS/"u8);

    public override string ToString() => Name;
}
