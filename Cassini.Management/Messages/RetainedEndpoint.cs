using Cassini.Management.Http;
using Cassini.Streams.Broker.Upkeep;

namespace Cassini.Management.Messages;

/// <summary>GET /retained?topic=NAME: the retained message of a topic.</summary>
internal static class RetainedEndpoint
{
    /// <summary>Maps it.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="client">Who reads it; null when the host serves no MQTT.</param>
    /// <param name="rules">The setting with the access rules.</param>
    public static void MapRetained(this IEndpointRouteBuilder routes, LocalClient? client, string rules) =>
        routes.MapReads("/retained", context => AnswerAsync(context, client, rules))
            .Describe("retained", "The retained message of a topic.")
            .Takes("topic", "The topic's name; required.")
            .Answers<MessageAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status403Forbidden, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);

    private static Task AnswerAsync(HttpContext context, LocalClient? client, string rules)
    {
        if (client is null)
        {
            return Answer.TextAsync(context, StatusCodes.Status404NotFound, "this host serves no MQTT: it has no retained messages\n");
        }

        if (!QueryParameters.TryReadOne(context, "topic", out var topic, out var error)
            || (error = string.IsNullOrEmpty(topic) ? "the topic is missing: /retained?topic=NAME"
                : client.TopicProblemOf(topic) is { } problem
                    ? $"{problem} (a plus sign in a query stands for a space, %2B for itself)"
                : null) is not null)
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        if (!client.TryGetRetained(topic!, PayloadText.Most, RemoteAddress.Of(context), out var found))
        {
            return Answer.TextAsync(
                context, StatusCodes.Status403Forbidden,
                $"{Answer.Quote(client.Identity)} may not subscribe to {Answer.Quote(topic)}: see the rules in {rules}\n");
        }

        return found is null
            ? Answer.TextAsync(context, StatusCodes.Status404NotFound, $"{Answer.Quote(topic)} has no retained message\n")
            : Answer.JsonAsync(
                context, StatusCodes.Status200OK,
                MessageAnswer.Of(found.Message, found.Size, null, found.Identity), MessageJson.Message);
    }
}
