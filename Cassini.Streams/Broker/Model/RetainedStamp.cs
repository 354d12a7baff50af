namespace Cassini.Streams.Broker.Model;

/// <summary>
/// When the retained message of a topic was set or removed, in an order that is the same on all nodes of a fleet: of two, the greater one
/// holds. The default is that of what was retained by a broker on its own.
/// </summary>
/// <param name="Clock">UTC in milliseconds since 1970, and behind it a counter of 16 bits.</param>
/// <param name="Origin">The run of a node that gave it: two of them never give the same stamp.</param>
internal readonly record struct RetainedStamp(ulong Clock, ulong Origin) : IComparable<RetainedStamp>
{
    /// <summary>How many bytes it takes where it is written.</summary>
    public const int Size = 2 * sizeof(ulong);

    private const int CounterBits = 16;

    /// <summary>The first of an instant.</summary>
    /// <param name="utc">UTC in milliseconds since 1970.</param>
    public static ulong ClockOf(long utc) => (ulong)Math.Max(0, utc) << CounterBits;

    /// <summary>Whether it was given: the default was not.</summary>
    public bool IsGiven => Clock != 0;

    /// <summary>Whether it was made for what a broker on its own had retained, and says nothing about when.</summary>
    public bool IsOfNoTime => Clock < ClockOf(1);

    public static bool operator <(RetainedStamp left, RetainedStamp right) => left.CompareTo(right) < 0;

    public static bool operator >(RetainedStamp left, RetainedStamp right) => left.CompareTo(right) > 0;

    public static bool operator <=(RetainedStamp left, RetainedStamp right) => left.CompareTo(right) <= 0;

    public static bool operator >=(RetainedStamp left, RetainedStamp right) => left.CompareTo(right) >= 0;

    public int CompareTo(RetainedStamp other) => (Clock, Origin).CompareTo((other.Clock, other.Origin));
}
