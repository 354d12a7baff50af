using System.Buffers;
using System.Threading.Channels;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Nats;

/// <summary>
/// A subscription, over all connections. What comes waits here for the handler, at most <see cref="Limit"/> bytes or one larger message,
/// so that a slow handler delays its own subject and nothing else: neither the other subjects of the connection, nor the answers to
/// pings. Beyond that the newest messages are dropped and counted.
/// </summary>
internal sealed class NatsSubscription : IDisposable
{
    /// <summary>The most bytes that wait for the handler.</summary>
    public const int Limit = 64 << 20;

    // So that messages without content are bounded, too.
    private const int Overhead = 64;

    private readonly Channel<(byte[] Buffer, int Length)> _queue =
        Channel.CreateUnbounded<(byte[] Buffer, int Length)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly Action<ReadOnlyMemory<byte>> _handler;
    private readonly Action _dropped;
    private readonly Action<NatsSubscription> _ended;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly TokenBucket _failures;
    private long _waiting;
    private bool _isDropping;
    private volatile bool _isDisposed;

    /// <param name="subject">The subject.</param>
    /// <param name="handler">Called for one message after another.</param>
    /// <param name="dropped">Called for each message that is dropped, on the thread that received it.</param>
    /// <param name="ended">Called when it is disposed.</param>
    /// <param name="logger">Where failures of the handler go.</param>
    /// <param name="time">The clock.</param>
    public NatsSubscription(
        string subject, Action<ReadOnlyMemory<byte>> handler, Action dropped, Action<NatsSubscription> ended, ILogger logger,
        TimeProvider time)
    {
        Subject = subject;
        _handler = handler;
        _dropped = dropped;
        _ended = ended;
        _logger = logger;
        _time = time;
        _failures = new TokenBucket(burst: 5, perSecond: 1, time);
        _ = Task.Run(HandleAsync); // Catches all that the handler throws, and ends when this is disposed.
    }

    public string Subject { get; }

    /// <summary>Copies a message that came. One caller at a time.</summary>
    public void Put(in ReadOnlySequence<byte> data)
    {
        var length = (int)data.Length;
        var cost = length + Overhead;
        var waiting = Interlocked.Add(ref _waiting, cost);
        if (waiting > Limit && waiting > cost)
        {
            Interlocked.Add(ref _waiting, -cost);
            Drop();
            return;
        }

        _isDropping &= waiting > Limit / 2; // One line in the log each time that the handler falls behind, not each time one fits.
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        data.CopyTo(buffer);
        if (!_queue.Writer.TryWrite((buffer, length)))
        {
            Release(buffer, length);
        }
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _queue.Writer.TryComplete();
            _ended(this);
        }
    }

    private void Drop()
    {
        _dropped();
        if (!_isDropping)
        {
            _isDropping = true;
            NatsLog.Dropping(_logger, Subject);
        }
    }

    private async Task HandleAsync()
    {
        await foreach (var (buffer, length) in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (!_isDisposed)
                {
                    _handler(new ReadOnlyMemory<byte>(buffer, 0, length));
                }
            }
            catch (Exception failure)
            {
                if (_failures.TryTake(_time.GetTimestamp()))
                {
                    NatsLog.HandlerFailed(_logger, Subject, failure);
                }
            }
            finally
            {
                Release(buffer, length);
            }
        }
    }

    private void Release(byte[] buffer, int length)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        Interlocked.Add(ref _waiting, -(length + Overhead));
    }
}
