using Cassini.Streams.Listening.Connections;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>Refuses a connection for a given reason when its time is over; disposing it calls that off.</summary>
internal readonly struct HandshakeDeadline(ConnectionFate fate, HandshakeRefusal refusal, TimeSpan after, TimeProvider time) : IDisposable
{
    private readonly ITimer _timer = time.CreateTimer(
        static state =>
        {
            var (fate, refusal) = ((ConnectionFate, HandshakeRefusal))state!;
            fate.Refuse(refusal);
        },
        (fate, refusal),
        after,
        Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();
}
