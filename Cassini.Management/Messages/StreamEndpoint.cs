using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Upkeep;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Cassini.Management.Messages;

/// <summary>GET /messages: the messages that match filters, as Server-Sent Events.</summary>
internal static class StreamEndpoint
{
    private const int MostFilters = 16;

    /// <summary>How long a reader may take for the last events. One that does not read is cut then.</summary>
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(2);

    /// <summary>A reader that takes less for so long is cut, because what waits for it holds memory and a place.</summary>
    private static readonly MinDataRate Slowest = new(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromMinutes(1));

    /// <summary>Maps it.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="streams">The streams; null when the host serves no MQTT.</param>
    /// <param name="rules">The setting with the access rules.</param>
    public static void MapMessageStream(this IEndpointRouteBuilder routes, MessageStreams? streams, string rules) =>
        routes.MapReads("/messages", context => AnswerAsync(context, streams, rules))
            .WithMetadata(LongAnswers.Mark)
            .Describe(
                "messages",
                "The messages that match filters, as they are published, retained ones first. There is no resume: events have no id.")
            .Takes(
                "filter", $"A topic filter, with # as %23 and + as %2B; required, at most {MostFilters}. No shared subscription.",
                repeats: true)
            .Answers(StatusCodes.Status200OK, MediaTypeNames.Text.EventStream)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status403Forbidden, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText)
            .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText)
            .Answers(StatusCodes.Status503ServiceUnavailable, Answer.PlainText);

    private static async Task AnswerAsync(HttpContext context, MessageStreams? streams, string rules)
    {
        if (streams is null)
        {
            await Answer.TextAsync(context, StatusCodes.Status404NotFound, "this host serves no MQTT: it has no messages\n");
            return;
        }

        if (!TryReadFilters(context, streams.Client, out var filters, out var error))
        {
            await Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
            return;
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = MediaTypeNames.Text.EventStream;
            context.Response.Headers.CacheControl = "no-store";
            return;
        }

        var caller = context.Connection.RemoteIpAddress;
        if (streams.Take(caller) is { } full)
        {
            await Answer.TextAsync(context, full.Status, full.Sentence + "\n");
            return;
        }

        try
        {
            await OpenAsync(context, streams, filters, rules);
        }
        finally
        {
            streams.GiveBack(caller);
        }
    }

    private static async Task OpenAsync(HttpContext context, MessageStreams streams, ImmutableArray<string> filters, string rules)
    {
        if (streams.TryOpen(filters, RemoteAddress.Of(context), out var refusal, out var denied) is not { } subscriber)
        {
            await (refusal == LocalRefusal.Denied
                ? Answer.TextAsync(
                    context, StatusCodes.Status403Forbidden,
                    $"{Answer.Quote(streams.Client.Identity)} may not subscribe to {Answer.Quote(denied)}: see the rules in {rules}\n")
                : Answer.TextAsync(
                    context, StatusCodes.Status503ServiceUnavailable,
                    $"{Answer.Quote(streams.Client.Identity)} may take no more memory for messages now\n"));
            return;
        }

        try
        {
            await StreamAsync(context, streams, subscriber, rules);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader went away, or was cut.
        }
        finally
        {
            streams.Close(subscriber);
        }
    }

    private static async Task StreamAsync(HttpContext context, MessageStreams streams, LocalSubscriber subscriber, string rules)
    {
        var sending = SendAsync(context, new MessageStream(streams, subscriber, rules));
        await Task.WhenAny(sending, subscriber.Ended);
        await sending.WaitAsync(EndGrace, streams.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!sending.IsCompleted)
        {
            context.Abort();
        }

        await sending;
    }

    private static async Task SendAsync(HttpContext context, MessageStream stream)
    {
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } limit)
        {
            limit.MinDataRate = Slowest;
        }

        await TypedResults.ServerSentEvents(OpenAsync(stream)).ExecuteAsync(context);
        await stream.FollowAsync(context.Response.Body, context.RequestAborted);
    }

    private static async IAsyncEnumerable<SseItem<byte[]>> OpenAsync(MessageStream stream)
    {
        yield return stream.First.ToItem();
        await Task.CompletedTask;
    }

    private static bool TryReadFilters(
        HttpContext context, LocalClient client, out ImmutableArray<string> filters, [NotNullWhen(false)] out string? error)
    {
        filters = [.. context.Request.Query["filter"].Select(filter => filter ?? "").Distinct(StringComparer.Ordinal)];
        error = filters.All(filter => filter.Length == 0)
            ? "the filter is missing: /messages?filter=FILTER, with # as %23 and + as %2B"
            : filters.Length > MostFilters ? $"{filters.Length} filters are given; at most {MostFilters} are allowed"
            : filters.Select(client.FilterProblemOf).FirstOrDefault(problem => problem is not null) is { } problem
                ? $"{problem} (a plus sign in a query stands for a space, %2B for itself)"
            : null;
        return error is null;
    }
}
