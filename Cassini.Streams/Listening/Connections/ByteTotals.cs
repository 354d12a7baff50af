namespace Cassini.Streams.Listening.Connections;

/// <summary>Application bytes of all connections since the start. Thread-safe.</summary>
internal sealed class ByteTotals
{
    private long _received;
    private long _sent;

    public long Received => Interlocked.Read(ref _received);

    public long Sent => Interlocked.Read(ref _sent);

    public void AddReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    public void AddSent(int bytes) => Interlocked.Add(ref _sent, bytes);
}
