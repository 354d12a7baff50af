using System.Net.Mime;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Microsoft.Net.Http.Headers;

namespace Cassini.Management.Messages;

/// <summary>POST /messages: publishes one message.</summary>
internal static class PublishEndpoint
{
    /// <summary>What a body may have beside a payload of the largest size in base64.</summary>
    private const int BesidePayload = 64 * 1024;

    /// <summary>Maps it.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="publications">Publishes; null when the host serves no MQTT.</param>
    /// <param name="rules">The setting with the access rules.</param>
    public static void MapPublish(this IEndpointRouteBuilder routes, Publications? publications, string rules) =>
        routes.MapBody("/messages", context => AnswerAsync(context, publications, rules))
            .Describe("publish", "Publish one message. The answer comes when what is stored of it is on disk.")
            .TakesBody<MessageBody>(MediaTypeNames.Application.Json)
            .Answers<PublishedAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText)
            .Answers(StatusCodes.Status413PayloadTooLarge, Answer.PlainText)
            .Answers(StatusCodes.Status415UnsupportedMediaType, Answer.PlainText)
            .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText)
            .Answers(StatusCodes.Status503ServiceUnavailable, Answer.PlainText);

    private static async Task AnswerAsync(HttpContext context, Publications? publications, string rules)
    {
        if (publications is null)
        {
            await Answer.TextAsync(context, StatusCodes.Status404NotFound, "this host serves no MQTT: it publishes no messages\n");
            return;
        }

        if (!IsJson(context.Request))
        {
            await Answer.TextAsync(
                context, StatusCodes.Status415UnsupportedMediaType,
                $"the body is {Answer.Quote(context.Request.ContentType)} and not {MediaTypeNames.Application.Json}\n");
            return;
        }

        var caller = context.Connection.RemoteIpAddress;
        if (publications.Places.Take(caller) is { } full)
        {
            await Answer.TextAsync(context, full.Status, full.Sentence + "\n");
            return;
        }

        try
        {
            await PublishAsync(context, publications, rules);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller went away: it does not learn what became of its message.
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The same, in the middle of its body.
        }
        catch (IOException broken)
        {
            // The body ended before its end, has no right form, or came too slowly.
            var status = (broken as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
            await Answer.TextAsync(context, status, $"the body cannot be read: {Answer.Line(broken.Message)}\n");
        }
        finally
        {
            publications.Places.GiveBack(caller);
        }
    }

    private static async Task PublishAsync(HttpContext context, Publications publications, string rules)
    {
        var client = publications.Client;
        var most = (int)Math.Min(int.MaxValue / 2, (client.MaxPacketSize / 3L * 4) + BesidePayload);
        if (await RequestBody.ReadAsync(context, most) is not { } body)
        {
            context.Response.Headers.Connection = "close";
            await Answer.TextAsync(
                context, StatusCodes.Status413PayloadTooLarge,
                FormattableString.Invariant($"the body has more than {most:N0} bytes, which the largest message takes in base64\n"));
            return;
        }

        if (!MessageRequest.TryRead(body, out var message, out var error)
            || (error = client.ProblemOf(message) ?? ReservedProblem(message.Topic)) is not null)
        {
            await Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
            return;
        }

        if (LocalClient.SizeOf(message) is var size && size > client.MaxPacketSize)
        {
            await Answer.TextAsync(
                context, StatusCodes.Status413PayloadTooLarge,
                FormattableString.Invariant(
                    $"the message takes {size:N0} bytes; at most {client.MaxPacketSize:N0} are allowed (Broker:MaxPacketSize)\n"));
            return;
        }

        var verdict = await publications.PublishAsync(context, message);
        await (verdict.Refusal == LocalRefusal.None
            ? Answer.JsonAsync(
                context, StatusCodes.Status200OK,
                new PublishedAnswer(Publications.WordOf(verdict.Outcome), message.Topic, message.Payload.Length), MessageJson.Published)
            : RefuseAsync(context, client, message, verdict.Refusal, rules));
    }

    private static Task RefuseAsync(HttpContext context, LocalClient client, MqttMessage message, LocalRefusal refusal, string rules)
    {
        var identity = Answer.Quote(client.Identity);
        var sentence = refusal switch
        {
            LocalRefusal.Denied => $"{identity} may not publish to {Answer.Quote(message.Topic)}: see the rules in {rules}",
            LocalRefusal.NoMemory => $"{identity} may take no more memory for messages now: the message was not published",
            LocalRefusal.StoreUnavailable =>
                $"the store keeps no new messages now ({client.StoreProblem ?? "it was full"}): the message was not published",
            LocalRefusal.Joining => "this node has not joined its fleet yet: the message was not published",
            LocalRefusal.NotStored => "the broker stopped before the message was on disk: it may have been delivered",
            _ => "the broker is shutting down: the message was not published",
        };
        var status = refusal == LocalRefusal.Denied ? StatusCodes.Status403Forbidden : StatusCodes.Status503ServiceUnavailable;
        return Answer.TextAsync(context, status, sentence + "\n");
    }

    /// <summary>Whoever publishes: only the broker itself does there.</summary>
    private static string? ReservedProblem(string topic) =>
        topic.StartsWith("$SYS/", StringComparison.Ordinal) ? "only the broker itself publishes under $SYS/" : null;

    private static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}

/// <summary>The body of POST /messages. All but the topic may be left out.</summary>
/// <param name="Topic">The topic's name.</param>
/// <param name="Payload">The payload as text.</param>
/// <param name="PayloadBase64">The payload in base64, instead of text.</param>
/// <param name="Qos">0, 1 or 2; by default 0.</param>
/// <param name="Retain">Whether it becomes the retained message of its topic; one without a payload removes that.</param>
/// <param name="ExpirySeconds">How long it may wait to be delivered.</param>
/// <param name="IsText">Whether the payload is said to be text (payload format indicator).</param>
/// <param name="ContentType">What the payload is.</param>
/// <param name="ResponseTopic">Where an answer should go.</param>
/// <param name="CorrelationData">What an answer should carry, in base64.</param>
/// <param name="UserProperties">Names and values of the application's own.</param>
internal sealed record MessageBody(
    string Topic, string? Payload, string? PayloadBase64, int? Qos, bool? Retain, long? ExpirySeconds, bool? IsText, string? ContentType,
    string? ResponseTopic, string? CorrelationData, IReadOnlyList<UserPropertyAnswer>? UserProperties);
