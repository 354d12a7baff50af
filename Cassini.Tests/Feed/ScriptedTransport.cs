using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Tests.Feed;

/// <summary>Connections that happen as a test has written, in virtual time. Without a script, nothing answers.</summary>
internal sealed class ScriptedTransport(TimeProvider time) : IFeedTransport
{
    private readonly Queue<Func<CancellationToken, Task<Stream>>> _connections = new();
    private int _streamsOpen;

    /// <summary>The ids that it was asked to resume after, one for each attempt.</summary>
    public List<string?> Asked { get; } = [];

    public List<IReadOnlyCollection<EventCategory>> Categories { get; } = [];

    public int StreamsOpen => Volatile.Read(ref _streamsOpen);

    /// <summary>A connection that brings these pieces, each after its delay in seconds, and then stays silent.</summary>
    public void Silent(params (double After, string Text)[] pieces) => Add(pieces, ends: false);

    /// <summary>A connection that brings these pieces and then ends.</summary>
    public void Ends(params (double After, string Text)[] pieces) => Add(pieces, ends: true);

    public void Fails(FeedLoss reason, string detail) =>
        _connections.Enqueue(_ => Task.FromException<Stream>(new FeedLostException(reason, detail)));

    public void NeverAnswers() => _connections.Enqueue(async cancellation =>
    {
        await NeverAsync(cancellation).ConfigureAwait(false);
        return Stream.Null;
    });

    public Task<Stream> OpenAsync(EventId? after, IReadOnlyCollection<EventCategory> categories, CancellationToken cancellation)
    {
        Categories.Add(categories);
        return OpenFleetAsync(after, cancellation);
    }

    public Task<Stream> OpenFleetAsync(EventId? after, CancellationToken cancellation)
    {
        Asked.Add(after?.ToString());
        return _connections.TryDequeue(out var connection)
            ? connection(cancellation)
            : Task.FromException<Stream>(new FeedLostException(FeedLoss.Unreachable, "not reachable (connection refused)"));
    }

    public Task<byte[]> ReadStateAsync(CancellationToken cancellation) =>
        Task.FromException<byte[]>(new HttpRequestException("no state here"));

    public void Dispose()
    {
    }

    /// <summary>Ends on the thread that cancels, so that virtual time stays on one thread.</summary>
    private static async Task NeverAsync(CancellationToken cancellation)
    {
        var never = new TaskCompletionSource();
        using var registration = cancellation.UnsafeRegister(_ => never.TrySetCanceled(cancellation), null);
        await never.Task.ConfigureAwait(false);
    }

    private void Add((double After, string Text)[] pieces, bool ends) => _connections.Enqueue(_ =>
    {
        Interlocked.Increment(ref _streamsOpen);
        return Task.FromResult<Stream>(new Script(this, time, pieces, ends));
    });

    private sealed class Script(ScriptedTransport owner, TimeProvider time, (double After, string Text)[] pieces, bool ends) : MemoryStream
    {
        private int _next;
        private ReadOnlyMemory<byte> _rest;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_rest.IsEmpty && _next < pieces.Length)
            {
                var (after, text) = pieces[_next];
                if (after > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds(after), time, cancellationToken).ConfigureAwait(false);
                }

                _next++;
                _rest = Encoding.UTF8.GetBytes(text);
            }

            if (_rest.IsEmpty && !ends)
            {
                await NeverAsync(cancellationToken).ConfigureAwait(false);
            }

            var length = Math.Min(buffer.Length, _rest.Length);
            _rest[..length].CopyTo(buffer);
            _rest = _rest[length..];
            return length;
        }

        protected override void Dispose(bool disposing)
        {
            Interlocked.Decrement(ref owner._streamsOpen);
            base.Dispose(disposing);
        }
    }
}
