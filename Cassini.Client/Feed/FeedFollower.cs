using System.Net.ServerSentEvents;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>
/// Follows a feed from connection to connection: at once at the next address after a loss, and with a pause when each has been tried.
/// For one subscription.
/// </summary>
/// <typeparam name="TNote">The notes.</typeparam>
/// <param name="reader">Reads its messages.</param>
/// <param name="options">How to follow it.</param>
/// <param name="random">From 0 to 1, for pauses.</param>
/// <param name="addresses">How many addresses have it; at least 1.</param>
/// <param name="open">Connects to an address, by its number; throws a <see cref="FeedLostException"/> when that fails.</param>
internal sealed class FeedFollower<TNote>(
    FeedReader<TNote> reader,
    HealthFeedOptions options,
    Func<double> random,
    int addresses,
    Func<int, CancellationToken, Task<Stream>> open)
    where TNote : class
{
    /// <summary>Follows it until it is cancelled.</summary>
    /// <param name="first">The note before the first connection.</param>
    /// <param name="observer">Gets all notes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task FollowAsync(TNote first, IObserver<TNote> observer, CancellationToken cancellationToken)
    {
        observer.OnNext(first);
        var retry = BackOff.OfClient(options.FirstRetry, options.LongestRetry, random);
        var tried = 0;
        for (var address = 0; ; address = (address + 1) % addresses)
        {
            var began = options.Time.GetTimestamp();
            var loss = await FollowOnceAsync(address, observer, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();

            // Only after a connection that lasted is the delay reset, because one that breaks at once may break again and again.
            if (options.Time.GetElapsedTime(began) >= options.LongestRetry && reader.Silence is not null)
            {
                retry.Reset();
                tried = 0;
            }

            tried = (tried + 1) % addresses;
            var pause = tried == 0 ? retry.Next() : TimeSpan.Zero;
            observer.OnNext(reader.Lose(loss.Reason, loss.Message, pause));
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, options.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One connection, from its opening to its loss.</summary>
    private async Task<FeedLostException> FollowOnceAsync(int address, IObserver<TNote> observer, CancellationToken cancellationToken)
    {
        WatchedStream? stream = null;
        try
        {
            stream = await OpenAsync(address, cancellationToken).ConfigureAwait(false);
            reader.Open();
            var parser = SseParser.Create(stream, static (_, data) => data.ToArray());
            await foreach (var message in parser.EnumerateAsync(stream.Ended).ConfigureAwait(false))
            {
                var note = reader.Read(message.EventType, message.Data, message.EventId);
                stream.Silence = reader.Silence ?? stream.Silence;
                stream.NoteMessage();
                if (note is not null)
                {
                    observer.OnNext(note);
                }
            }

            return new FeedLostException(FeedLoss.Cut, "the feed ended without bye");
        }
        catch (FeedLostException lost)
        {
            return lost;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return stream?.Why ?? new FeedLostException(FeedLoss.Unreachable, "not reachable (no answer in time)");
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or ObjectDisposedException)
        {
            return new FeedLostException(FeedLoss.Cut, SafeText.Line($"the feed broke off ({failure.Message})"));
        }
        finally
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<WatchedStream> OpenAsync(int address, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var body = await open(address, either.Token).ConfigureAwait(false);
        return new WatchedStream(body, options.Time, options.ConnectTimeout, cancellationToken);
    }
}
