using System.Globalization;
using Cassini.Management.Http;
using Cassini.Streams.Broker;

namespace Cassini.Management.Tables;

/// <summary>GET /topics: the topics in use. GET /subscriptions?topic=NAME: the subscriptions that get messages of a topic.</summary>
internal static class TopicEndpoints
{
    private const int DefaultLimit = 100;
    private const int LargestLimit = 1_000;

    public static void MapTopics(this IEndpointRouteBuilder routes, MqttBroker? broker)
    {
        routes.MapReads("/topics", context => AnswerTopicsAsync(context, broker))
            .Describe("topics", "The topics in use, by name.")
            .Takes("prefix", "Only topics whose names begin with this.")
            .Takes(
                "limit",
                string.Create(
                    CultureInfo.InvariantCulture, $"How many are listed at most: 1 to {LargestLimit:N0}, by default {DefaultLimit:N0}."),
                type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Answers<TopicsAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapReads("/subscriptions", context => AnswerSubscriptionsAsync(context, broker))
            .Describe("subscriptions", "The subscriptions that match a topic, by client.")
            .Takes("topic", "The topic's name; required.")
            .Answers<SubscriptionsAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static Task AnswerTopicsAsync(HttpContext context, MqttBroker? broker)
    {
        if (broker is null)
        {
            return NoBrokerAsync(context);
        }

        if (!QueryParameters.TryReadOne(context, "prefix", out var prefix, out var error)
            || !QueryParameters.TryReadNumber(context, "limit", 1, LargestLimit, DefaultLimit, out var limit, out error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        var matching = broker.GetTopics().Where(topic => topic.Name.StartsWith(prefix ?? "", StringComparison.Ordinal)).ToList();
        var rows = matching.OrderBy(topic => topic.Name, StringComparer.Ordinal).Take(limit)
            .Select(topic => new TopicRow(topic.Name, topic.Subscribers, topic.IsRetained, Math.Round(topic.Idle.TotalSeconds, 3)));
        return Answer.JsonAsync(
            context, StatusCodes.Status200OK, new TopicsAnswer(matching.Count, matching.Count > limit, [.. rows]), TableJson.Topics);
    }

    private static Task AnswerSubscriptionsAsync(HttpContext context, MqttBroker? broker)
    {
        if (broker is null)
        {
            return NoBrokerAsync(context);
        }

        if (!QueryParameters.TryReadOne(context, "topic", out var topic, out var error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        if (Problem(topic) is { } problem)
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, problem + "\n");
        }

        var matching = broker.GetSubscriptions(topic!);
        var rows = matching
            .OrderBy(subscription => subscription.ClientId, StringComparer.Ordinal)
            .ThenBy(subscription => subscription.Filter, StringComparer.Ordinal)
            .Take(LargestLimit)
            .Select(subscription => new SubscriptionRow(
                subscription.ClientId, subscription.Identity, subscription.Filter, (int)subscription.QoS, subscription.IsConnected));
        var answer = new SubscriptionsAnswer(topic!, matching.Count, matching.Count > LargestLimit, [.. rows]);
        return Answer.JsonAsync(context, StatusCodes.Status200OK, answer, TableJson.Subscriptions);
    }

    private static string? Problem(string? topic) =>
        string.IsNullOrEmpty(topic) ? "the topic is missing: /subscriptions?topic=NAME"
        : topic.IndexOfAny(['+', '#', '\0']) >= 0
            ? $"{Answer.Quote(topic)} is not a topic name: wildcards belong in filters "
                + "(a plus sign in a query stands for a space, %2B for itself)"
        : null;

    private static Task NoBrokerAsync(HttpContext context) =>
        Answer.TextAsync(context, StatusCodes.Status404NotFound, "this host serves no MQTT: it has no topics and no subscriptions\n");
}
