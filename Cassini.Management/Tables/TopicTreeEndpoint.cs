using System.Globalization;
using Cassini.Management.Http;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Primitives;

namespace Cassini.Management.Tables;

/// <summary>GET /topics/tree?under=LEVELS: one level of the topics as a tree, and others that are open.</summary>
internal static class TopicTreeEndpoint
{
    private const int DefaultLimit = 100;
    private const int LargestLimit = 1_000;
    private const int MostOpen = 64;

    public static void MapTopicTree(this IEndpointRouteBuilder routes, MqttBroker? broker) =>
        routes.MapReads("/topics/tree", context => AnswerAsync(context, broker))
            .Describe("topicTree", "One level of the topics as a tree: the next names, and how many topics are below each.")
            .Takes("under", "The levels above, for example home/kitchen; the first level when absent. An empty one is a name too.")
            .Takes("open", $"Further levels, read at the same time; at most {MostOpen}.", repeats: true)
            .Takes("after", "The name after which it begins: the last one of the page before.")
            .Takes(
                "limit",
                string.Create(
                    CultureInfo.InvariantCulture, $"How many are listed at most: 1 to {LargestLimit:N0}, by default {DefaultLimit:N0}."),
                type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Answers<TopicTreeAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);

    private static Task AnswerAsync(HttpContext context, MqttBroker? broker)
    {
        if (broker is null)
        {
            return Answer.TextAsync(context, StatusCodes.Status404NotFound, "this host serves no MQTT: it has no topics\n");
        }

        if (!QueryParameters.TryReadOne(context, "under", out var under, out var error)
            || !QueryParameters.TryReadOne(context, "after", out var after, out error)
            || !QueryParameters.TryReadNumber(context, "limit", 1, LargestLimit, DefaultLimit, out var limit, out error)
            || (error = Problem("under", under) ?? Problem("after", after) ?? OpenProblem(context.Request.Query["open"])) is not null)
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        List<TopicLevelQuery> asked =
        [
            new(under, after, limit),
            .. context.Request.Query["open"].Select(open => new TopicLevelQuery(open, null, limit)),
        ];
        var levels = broker.GetTopicLevels(asked).Select((level, at) => Describe(asked[at].Under, level)).ToList();
        var answer = new TopicTreeAnswer(levels[0].Under, levels[0].Topics, levels[0].HasMore, levels[0].Children, levels[1..]);
        return Answer.JsonAsync(context, StatusCodes.Status200OK, answer, TableJson.TopicTree);
    }

    private static TopicLevelAnswer Describe(string? under, TopicLevel level)
    {
        var rows = level.Children.Select(child => new TopicTreeRow(
            child.Name,
            under is null ? child.Name : $"{under}/{child.Name}",
            child.Topic is not null,
            child.Topic?.IsRetained is true,
            child.Topic?.Subscribers,
            child.Topic is { } topic ? Math.Round(topic.Idle.TotalSeconds, 3) : null,
            child.Below));
        return new TopicLevelAnswer(under, level.Topics, level.HasMore, [.. rows]);
    }

    private static string? OpenProblem(StringValues open) => open.Count > MostOpen
        ? $"open is given {open.Count} times; at most {MostOpen} are allowed"
        : open.Select(levels => Problem("open", levels)).FirstOrDefault(problem => problem is not null);

    private static string? Problem(string name, string? levels) =>
        levels is null || (MqttText.TryEncode(levels, out var utf8) && !utf8.AsSpan().ContainsAny("+#"u8)) ? null
        : $"{name}={Answer.Quote(levels)} has what no topic has: a wildcard, U+0000 or half a character "
            + "(a plus sign in a query stands for a space, %2B for itself)";
}

/// <summary>The body of GET /topics/tree.</summary>
/// <param name="Under">The levels above; null for the first level.</param>
/// <param name="Topics">How many topics there are below these levels, however deep.</param>
/// <param name="HasMore">Whether there are names after the last of these.</param>
/// <param name="Children">The names, in the order of their bytes.</param>
/// <param name="Open">The further levels, as they were asked for.</param>
internal sealed record TopicTreeAnswer(
    string? Under, int Topics, bool HasMore, IReadOnlyList<TopicTreeRow> Children, IReadOnlyList<TopicLevelAnswer> Open);

/// <summary>A further level.</summary>
/// <inheritdoc cref="TopicTreeAnswer" path="/param"/>
internal sealed record TopicLevelAnswer(string? Under, int Topics, bool HasMore, IReadOnlyList<TopicTreeRow> Children);

/// <summary>A name on one level.</summary>
/// <param name="Name">The name; it may be empty.</param>
/// <param name="Path">The name with the levels above.</param>
/// <param name="IsTopic">Whether the path is itself a topic in use.</param>
/// <param name="Retained">Whether it holds a retained message.</param>
/// <param name="Subscribers">How many subscribers its last message had; null when that is no longer known, or it is no topic.</param>
/// <param name="IdleSeconds">Seconds since the last publish to it; null when it is no topic.</param>
/// <param name="Below">How many topics there are below it, however deep.</param>
internal sealed record TopicTreeRow(
    string Name, string Path, bool IsTopic, bool Retained, int? Subscribers, double? IdleSeconds, int Below);
