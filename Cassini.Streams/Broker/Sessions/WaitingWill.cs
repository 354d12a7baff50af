using Cassini.Streams.Broker.Durable;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>The will of a client that is gone, until its delay is over (MQTT 5.0 §3.1.3.2.2). Belongs to the session's lock.</summary>
internal struct WaitingWill
{
    private HeldWill? _will;
    private long _dueAt;

    /// <param name="will">The will; null for none.</param>
    /// <param name="now">When the connection was lost: a timestamp.</param>
    /// <param name="expirySeconds">The session expiry interval: the will is due at the end of the session at the latest.</param>
    /// <param name="frequency">Timestamps in a second.</param>
    public void Set(HeldWill? will, long now, uint expirySeconds, long frequency)
    {
        var delay = Math.Min(will?.Delay ?? 0, expirySeconds);
        _will = will;
        _dueAt = now + (long)(delay * (double)frequency);
    }

    /// <summary>Takes the will if its delay is over.</summary>
    public HeldWill? TakeDue(long now) => now >= _dueAt ? Take() : null;

    /// <summary>Takes the will, whether its delay is over or not.</summary>
    public HeldWill? Take()
    {
        var will = _will;
        _will = null;
        return will;
    }
}
