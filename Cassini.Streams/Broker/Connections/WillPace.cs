using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// Spreads the wills of connections that are lost together, as when a part of the network fails: a client that subscribes to them must be
/// able to read them as they come, not find its queue full. A connection waits for its turn before it leaves its session, as if its loss
/// were noticed a moment later: a client that comes back meanwhile takes the session over, and with that its will is published before
/// anything that the client sends. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class WillPace(TimeProvider time)
{
    /// <summary>The most wills in one turn.</summary>
    public const int WillsInATurn = 1_000;

    /// <summary>The most bytes in one turn; the last will of it may exceed them.</summary>
    public const long BytesInATurn = 4 * 1024 * 1024;

    /// <summary>The time from one turn to the next.</summary>
    public static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(250);

    /// <summary>Wills that would be later than that come all at once: the end of a connection has a limit of its own.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private long _turnAt = time.GetTimestamp();
    private int _wills;
    private long _bytes;

    /// <summary>Waits until a will may be published. Never fails.</summary>
    /// <param name="will">The will; null for none.</param>
    /// <param name="hurry">Ends the wait.</param>
    public async ValueTask WaitAsync(WillMessage? will, CancellationToken hurry)
    {
        if (will is not null && Take(will) is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>The time until its turn.</returns>
    private TimeSpan Take(WillMessage will)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (time.GetElapsedTime(_turnAt, now) >= Turn)
            {
                BeginLocked(now);
            }
            else if (_wills >= WillsInATurn || _bytes >= BytesInATurn)
            {
                var next = _turnAt + (long)(Turn.TotalSeconds * time.TimestampFrequency);
                if (time.GetElapsedTime(now, next) > Longest)
                {
                    return Longest;
                }

                BeginLocked(next);
            }

            _wills++;
            _bytes += will.Payload.Length;
            return time.GetElapsedTime(now, _turnAt);
        }
    }

    private void BeginLocked(long at) => (_turnAt, _wills, _bytes) = (at, 0, 0);
}
