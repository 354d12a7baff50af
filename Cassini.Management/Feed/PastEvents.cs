using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Store.History;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Data.Sqlite;

namespace Cassini.Management.Feed;

/// <summary>
/// GET /events?since=&amp;until=: the events of a time, from disk and across runs, one line of JSON each. The answer takes the place of a
/// feed, and ends with what has happened when it was asked for.
/// </summary>
internal static class PastEvents
{
    public const string MediaType = "application/x-ndjson";

    public const string NoHistory = "no history is kept: History:Enabled and History:Directory are not both set\n";

    /// <summary>Why there is no answer, as a line.</summary>
    public static string Unreadable(IEventHistory history) => $"the history cannot be read: {history.Status.Problem ?? "try again"}\n";

    private const int MostEvents = 1_000_000_000;

    private static readonly string[] Formats =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    /// <summary>Whether a request asks for the past, and not for the feed.</summary>
    public static bool IsAskedFor(HttpRequest request) =>
        request.Query.ContainsKey("since") || request.Query.ContainsKey("until") || request.Query.ContainsKey("record")
        || AcceptHeader.Choose(request.Headers.Accept, System.Net.Mime.MediaTypeNames.Text.EventStream, MediaType) == 1;

    public static async Task AnswerAsync(
        HttpContext context, EventHub hub, IEventHistory? history, FeedRegistry feeds, CategoryFilter filter)
    {
        if (!TryReadTime(context, "since", out var since, out var error) || !TryReadTime(context, "until", out var until, out error)
            || !QueryParameters.TryReadNumber(context, "limit", 1, MostEvents, MostEvents, out var limit, out error)
            || !TryReadRecord(context, out var isRecord, out error))
        {
            await Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
            return;
        }

        if (history is null)
        {
            await Answer.TextAsync(context, StatusCodes.Status404NotFound, NoHistory);
            return;
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            Begin(context);
            return;
        }

        if (feeds.TryTakePlace(context.Connection.RemoteIpAddress, out var place, out var full))
        {
            using (place)
            {
                await SendAsync(context, hub, history, new Wanted(since, until, filter, limit, isRecord));
            }

            return;
        }

        await Answer.TextAsync(context, full.Value.Status, full.Value.Sentence + "\n");
    }

    private static async Task SendAsync(HttpContext context, EventHub hub, IEventHistory history, Wanted wanted)
    {
        // Read first: what happens meanwhile is left to the next request.
        var newest = hub.Log.Newest;
        try
        {
            await using var record = wanted.IsRecord
                ? await history.RecordAsync(wanted.Since, wanted.Until, context.RequestAborted)
                : null;
            await using var past = wanted.IsRecord
                ? null
                : await history.ReadAsync(wanted.Since, wanted.Until, context.RequestAborted);
            if (record is null && past is null)
            {
                await Answer.TextAsync(context, StatusCodes.Status503ServiceUnavailable, Unreadable(history));
                return;
            }

            Begin(context);
            await (record is null ? WriteAsync(context, hub, past!, newest, wanted) : WriteAsync(context, hub, record, newest, wanted));
        }
        catch (SqliteException)
        {
            // Too late for a status: the caller sees that the answer does not end as it should.
            context.Abort();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller went away.
        }
    }

    private static async Task WriteAsync(HttpContext context, EventHub hub, HistoryCursor past, long newest, Wanted wanted)
    {
        var (body, aborted) = (context.Response.Body, context.RequestAborted);
        var left = wanted.Limit;
        var own = past.Runs.LastOrDefault(run => run.Epoch == hub.Epoch)?.Last ?? 0;
        var lines = new MemoryStream();
        while (left > 0 && await past.NextAsync(aborted) is { Count: > 0 } page)
        {
            foreach (var happened in page)
            {
                own = happened.Id.Epoch == hub.Epoch ? Math.Max(own, happened.Id.Sequence) : own;
                if (left > 0 && wanted.Filter.Includes(happened.Category))
                {
                    left--;
                    Add(lines, happened.Json);
                }
            }

            await WriteAsync(lines, body, aborted);
        }

        AddNewest(lines, hub, own, newest, wanted, left);
        await WriteAsync(lines, body, aborted);
    }

    /// <summary>Writes a record, in which no event may be left out.</summary>
    private static async Task WriteAsync(HttpContext context, EventHub hub, HistoryRecord past, long newest, Wanted wanted)
    {
        var (body, aborted) = (context.Response.Body, context.RequestAborted);
        var lines = new MemoryStream();
        while (await past.NextAsync(aborted) is { Count: > 0 } page)
        {
            foreach (var line in page)
            {
                Add(lines, line);
            }

            await WriteAsync(lines, body, aborted);
        }

        // Only after its own begin: without a state what follows cannot be folded.
        if (past is { HasState: true, Last: { } last } && last.Epoch == hub.Epoch)
        {
            AddNewest(lines, hub, last.Sequence, newest, wanted with { Since = null }, MostEvents);
            await WriteAsync(lines, body, aborted);
        }
    }

    /// <summary>What has happened in the last second is not on disk yet.</summary>
    private static void AddNewest(MemoryStream lines, EventHub hub, long own, long newest, Wanted wanted, int left)
    {
        for (var sequence = Math.Max(own + 1, hub.Log.Oldest); left > 0 && sequence <= newest; sequence++)
        {
            if (hub.Log.TryGet(sequence, out var envelope) && wanted.Has(envelope))
            {
                left--;
                Add(lines, EventJson.Serialize(envelope));
            }
        }
    }

    private static void Add(MemoryStream lines, byte[] line)
    {
        lines.Write(line);
        lines.WriteByte((byte)'\n');
    }

    private static async Task WriteAsync(MemoryStream lines, Stream body, CancellationToken aborted)
    {
        await body.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length), aborted);
        lines.SetLength(0);
    }

    private static void Begin(HttpContext context)
    {
        // A slow caller costs the others nothing but a place.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } limit)
        {
            limit.MinDataRate = null;
        }

        context.Response.ContentType = MediaType;
        context.Response.Headers.CacheControl = "no-store";
    }

    private static bool TryReadTime(HttpContext context, string name, out DateTimeOffset? time, [NotNullWhen(false)] out string? error)
    {
        time = null;
        if (!QueryParameters.TryReadOne(context, name, out var text, out error) || text is null)
        {
            return error is null;
        }

        if (DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read))
        {
            time = read;
            return true;
        }

        error = $"{name}={Answer.Quote(text)} is not a time such as 2026-11-22T10:15:30Z or 2026-11-22 (a + is %2B)";
        return false;
    }

    private static bool TryReadRecord(HttpContext context, out bool isRecord, [NotNullWhen(false)] out string? error)
    {
        isRecord = false;
        if (!QueryParameters.TryReadOne(context, "record", out var text, out error) || text is null)
        {
            return error is null;
        }

        isRecord = text == "true";
        var query = context.Request.Query;
        error = text is not ("true" or "false") ? $"record={Answer.Quote(text)} is neither true nor false"
            : isRecord && (query.ContainsKey("types") || query.ContainsKey("limit"))
            ? "a record has every event: types and limit do not go with it"
            : null;
        return error is null;
    }

    private sealed record Wanted(DateTimeOffset? Since, DateTimeOffset? Until, CategoryFilter Filter, int Limit, bool IsRecord)
    {
        public bool Has(EventEnvelope envelope) =>
            Filter.Includes(envelope.Event.Category) && !(envelope.Time < Since) && !(envelope.Time >= Until);
    }
}
