namespace Cassini.Bystander.Watch;

/// <summary>A message of the bystander: written by the thread that sends it, and once by the one that receives it.</summary>
internal sealed class Message(long due)
{
    private long _received;

    public long Due => due;

    public bool IsReceived => Volatile.Read(ref _received) != 0;

    public TimeSpan RoundTrip => TimeProvider.System.GetElapsedTime(due, Volatile.Read(ref _received));

    public void Receive(long now) => Interlocked.CompareExchange(ref _received, now, 0);
}
