using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health.Records;

namespace Cassini.Web.Cli.Watching;

/// <summary>
/// Writes a feed to a record. A segment begins with the broker's whole state, asked for after the feed is open: every event after it is
/// still to come. For one caller at a time.
/// </summary>
/// <param name="feed">The feed whose broker gives the state.</param>
/// <param name="writer">Where to.</param>
/// <param name="complain">Gets one line that says what is not recorded, and why.</param>
/// <param name="time">For the pauses between attempts.</param>
internal sealed class Recorder(HealthFeed feed, HealthRecordWriter writer, Action<string> complain, TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private Epoch? _epoch;
    private long _through;
    private long _triedAt;

    /// <param name="note">What the feed says.</param>
    /// <param name="cancellation">Ends the request for the state. A line that is being written is finished.</param>
    /// <exception cref="IOException">The record cannot be written.</exception>
    public async Task RecordAsync(FeedNote note, CancellationToken cancellation)
    {
        switch (note)
        {
            case FeedSnapshot { IsResumed: false }:
                _epoch = null;
                await BeginAsync(cancellation);
                break;

            // The state was not available before; a new segment may begin at any time.
            case not (FeedLost or FeedConnecting or FeedReset) when _epoch is null:
                if (time.GetElapsedTime(_triedAt) >= RetryAfter)
                {
                    await BeginAsync(cancellation);
                }

                break;

            // What was missed of the run before belongs to its segment, and was written to it.
            case FeedEvent { Envelope: var first } when first.Epoch != _epoch && first.Epoch.ToString() == note.Snapshot.Epoch:
                _epoch = null;
                await BeginAsync(cancellation);
                break;

            case FeedEvent { Envelope: var envelope } when envelope.Epoch == _epoch && envelope.Sequence > _through:
                _through = envelope.Sequence;
                await writer.WriteAsync(envelope, CancellationToken.None);
                break;
        }
    }

    private async Task BeginAsync(CancellationToken cancellation)
    {
        _triedAt = time.GetTimestamp();
        try
        {
            var header = await feed.ReadStateAsync(cancellation);
            using var json = JsonDocument.Parse(header);
            if (!Epoch.TryParse(json.RootElement.GetProperty("epoch").GetString(), out var epoch))
            {
                throw new FormatException("its epoch cannot be read");
            }

            await writer.BeginAsync(header, CancellationToken.None);
            (_epoch, _through) = (epoch, json.RootElement.GetProperty("through").GetInt64());
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException
            or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException)
        {
            var why = failure switch
            {
                HttpRequestException { StatusCode: { } status } => $"it answers {(int)status}",
                HttpRequestException => failure.Message,
                _ => "it answers, but not as Cassini does",
            };
            complain($"nothing is recorded until the broker's state can be read ({why})");
        }
    }
}
