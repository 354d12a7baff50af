using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Load;

/// <summary>Opens a client's connection again after a loss, as often as it takes. One caller at a time; any thread may read.</summary>
/// <param name="open">Opens a connection.</param>
/// <param name="time">The clock.</param>
internal sealed class Reconnector(Func<CancellationToken, Task<MqttConnection>> open, TimeProvider time)
{
    private readonly BackOff _retry = BackOff.OfClient(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
    private long _count;
    private string? _lastError;

    /// <summary>How many connections were lost and opened again.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>What went wrong last; null when nothing did.</summary>
    public string? LastError
    {
        get => Volatile.Read(ref _lastError);
        set => Volatile.Write(ref _lastError, value);
    }

    /// <summary>Opens a connection.</summary>
    public async Task<MqttConnection> OpenAsync(CancellationToken cancellation)
    {
        while (true)
        {
            // Before the first attempt too, so that a broker that accepts connections only to drop them gets few of them.
            await Task.Delay(_retry.Next(), time, cancellation);
            try
            {
                var connection = await open(cancellation);
                Interlocked.Increment(ref _count);
                return connection;
            }
            catch (ClientException exception)
            {
                LastError = exception.Message;
            }
        }
    }

    /// <summary>The broker served the client: the next delay is the first again.</summary>
    public void Succeeded() => _retry.Reset();
}
