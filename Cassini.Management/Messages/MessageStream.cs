using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Feed;
using Cassini.Streams.Broker.Upkeep;

namespace Cassini.Management.Messages;

/// <summary>Writes the messages of one subscriber, as its reader takes them. For one request.</summary>
/// <param name="streams">Where it is counted.</param>
/// <param name="subscriber">Has the messages.</param>
/// <param name="rules">The setting with the access rules.</param>
internal sealed class MessageStream(MessageStreams streams, LocalSubscriber subscriber, string rules)
{
    /// <summary>The subscriptions are in force.</summary>
    public const string Subscribed = "subscribed";

    /// <summary>A message.</summary>
    public const string Message = "message";

    /// <summary>The reader was too slow.</summary>
    public const string Dropped = "dropped";

    /// <summary>The last event: the access rules no longer allow it.</summary>
    public const string Denied = "denied";

    /// <summary>So many bytes are written at once.</summary>
    private const int Batch = 32 * 1024;

    private static readonly byte[] Empty = "{}"u8.ToArray();

    private long _told;

    /// <summary>The first event.</summary>
    public FeedMessage First => new(
        Subscribed,
        Json(
            new SubscribedAnswer([.. subscriber.Subscriptions.Select(subscription => subscription.Filter)], streams.Client.Identity),
            MessageJson.Subscribed),
        null);

    /// <summary>Writes the events after that, until the reader goes away, the broker stops or the rules no longer allow it.</summary>
    public async Task FollowAsync(Stream body, CancellationToken aborted)
    {
        var isOver = false;
        Task<bool>? more = null;
        while (true)
        {
            await SendWaitingAsync(body, aborted);
            if (isOver || subscriber.Denied is not null)
            {
                await body.WriteAsync(Last().ToFrame(), aborted);
                return;
            }

            more ??= subscriber.WaitAsync();
            await ((Task)more).WaitAsync(streams.Heartbeat, streams.Time, aborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            aborted.ThrowIfCancellationRequested();
            if (more.IsCompleted)
            {
                isOver = !await more;
                more = null;
            }
            else
            {
                await body.WriteAsync(new FeedMessage(FeedMessage.Heartbeat, Empty, null).ToFrame(), aborted);
            }
        }
    }

    private FeedMessage Last() => subscriber.Denied is { } filter
        ? new FeedMessage(
            Denied,
            Json(
                new DeniedAnswer(
                    filter,
                    $"the access rules ({rules}) no longer allow {Http.Answer.Quote(streams.Client.Identity)} "
                        + $"to subscribe to {Http.Answer.Quote(filter)}"),
                MessageJson.Denied),
            null)
        : new FeedMessage(FeedMessage.Bye, Empty, null);

    /// <summary>Writes what waits, in pieces: the reader takes one before the next is made.</summary>
    private async Task SendWaitingAsync(Stream body, CancellationToken aborted)
    {
        var frames = new ArrayBufferWriter<byte>();
        for (var isMore = true; isMore;)
        {
            frames.ResetWrittenCount();
            isMore = Fill(frames);
            if (frames.WrittenCount > 0)
            {
                await body.WriteAsync(frames.WrittenMemory, aborted);
            }
        }
    }

    /// <returns>Whether there may be more.</returns>
    private bool Fill(ArrayBufferWriter<byte> frames)
    {
        TellDropped(frames);
        var count = 0;
        var isMore = true;
        while (isMore && frames.WrittenCount < Batch)
        {
            isMore = subscriber.TryRead(out var read);
            if (isMore)
            {
                frames.Write(FrameOf(read));
                count++;
            }
        }

        streams.Add(count);
        return isMore;
    }

    private void TellDropped(ArrayBufferWriter<byte> frames)
    {
        var dropped = subscriber.Dropped;
        if (dropped > _told)
        {
            frames.Write(new FeedMessage(Dropped, Json(new DroppedAnswer(dropped - _told, dropped), MessageJson.Dropped), null).ToFrame());
            _told = dropped;
        }
    }

    private byte[] FrameOf(in LocalMessage read)
    {
        var time = streams.Time;
        var at = read.ReceivedAt is { } received ? time.GetUtcNow() - time.GetElapsedTime(received) : (DateTimeOffset?)null;
        return new FeedMessage(Message, Json(MessageAnswer.Of(read.Message, read.Size, at), MessageJson.Message), null).ToFrame();
    }

    private static byte[] Json<T>(T value, JsonTypeInfo<T> shape) => JsonSerializer.SerializeToUtf8Bytes(value, shape);
}
