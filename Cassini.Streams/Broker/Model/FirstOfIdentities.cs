namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Knows which events of an identity are the first of their kind, so that these are published however many others the clients of other
/// identities cause. After one to two minutes without one, the next is a first one again. Not thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class FirstOfIdentities(TimeProvider time)
{
    /// <summary>The most kinds of all identities together that are first ones within one minute, because each is remembered.</summary>
    public const int Most = 1_000;

    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private HashSet<(string Kind, string Identity)> _now = [];
    private HashSet<(string Kind, string Identity)> _before = [];
    private long _since = time.GetTimestamp();

    /// <summary>Whether an event is the first of its kind; false for any when too many are remembered.</summary>
    /// <param name="kind">Its kind: its type, its reason, or both.</param>
    /// <param name="identity">The identity that caused it.</param>
    /// <param name="now">A timestamp, not before that of an earlier call.</param>
    public bool IsFirst(string kind, string identity, long now)
    {
        Forget(now);
        return _now.Count < Most && _now.Add((kind, identity)) && !_before.Contains((kind, identity));
    }

    private void Forget(long now)
    {
        var age = time.GetElapsedTime(_since, now);
        if (age >= Remembered)
        {
            _before = age < 2 * Remembered ? _now : [];
            _now = [];
            _since = now;
        }
    }
}
