using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A topic that was published to, with the last route that was looked up for it. Shared by all clients that publish to it.
/// </summary>
internal sealed class Topic(byte[] utf8, bool isListed, long usedAt)
{
    /// <summary>About how much memory it takes beside its name, in bytes.</summary>
    private const int Overhead = 150;

    private Holders _holders;
    private string? _name;
    private Route? _route;
    private bool _isRemoved;
    private long _usedAt = usedAt;

    public byte[] Utf8 { get; } = utf8;

    public string Name => _name ??= MqttText.Decode(Utf8);

    /// <summary>Whether it is one of the broker's own topics, which have no limits.</summary>
    public bool IsSystem => IsOurs(Utf8);

    /// <summary>Whether it is in the table of topics. A topic that is new when the table is full is not.</summary>
    public bool IsListed { get; } = isListed;

    /// <summary>The account that has its place in the table; null when it has none, and of the broker's own topics.</summary>
    public Account? Owner { get; init; }

    /// <summary>About how much memory it takes, in bytes.</summary>
    public int Size => Overhead + (2 * Utf8.Length);

    /// <summary>Whether its creation was published as an event: then its removal must be published too.</summary>
    public bool IsAnnounced { get; init; }

    /// <summary>
    /// How many sweeps of the table there were when it was made: after the next one, a topic that is not listed is looked up again.
    /// </summary>
    public int Sweeps { get; init; }

    /// <summary>
    /// Whether it was removed from the table, or was not listed for a while: a publisher that still holds it asks the table again.
    /// </summary>
    public bool IsRemoved
    {
        get => Volatile.Read(ref _isRemoved);
        set => Volatile.Write(ref _isRemoved, value);
    }

    /// <summary>The route that is kept for its messages; valid as long as the tree still has the route's version.</summary>
    public Route? Route => Volatile.Read(ref _route);

    /// <summary>When it was last published to: a timestamp.</summary>
    public long UsedAt
    {
        get => Volatile.Read(ref _usedAt);
        set => Volatile.Write(ref _usedAt, value);
    }

    /// <summary>
    /// One more remembers it: a client, also after it was removed from the table, or the table for its owner. Its memory counts once for
    /// each identity for which something does.
    /// </summary>
    public void Hold(AccountMemory memory)
    {
        var (own, added) = _holders.Enter(memory);
        memory.Take(own * Size, added * Size);
    }

    /// <summary>One that remembered it does so no more.</summary>
    public void Release(AccountMemory memory)
    {
        var (own, added) = _holders.Leave(memory);
        memory.Return(own * Size, added * Size);
    }

    /// <summary>Replaces the kept route, or gives it up.</summary>
    /// <returns>How many more references are kept than before.</returns>
    public long Keep(Route? route)
    {
        var before = Interlocked.Exchange(ref _route, route);
        return (route?.Weight ?? 0) - (before?.Weight ?? 0);
    }

    /// <summary>Whether it is one of the broker's own topics. Clients may use other names with a <c>$</c> if the rules allow it.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> name) => name.StartsWith("$SYS/"u8);

    public override string ToString() => Name;
}
