using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Management.Control;

/// <summary>DELETE /sessions/{client}, /identities/{identity} and /retained: what operators do to make room, without a restart.</summary>
internal static class RemedyEndpoints
{
    private const string Keep = "keep";

    public static void MapRemedies(this IEndpointRouteBuilder routes, Remedies remedies)
    {
        routes.MapWrite(HttpMethods.Delete, "/sessions/{client}", context => EndSessionAsync(context, remedies))
            .Describe("endSession", "End one MQTT session, open or kept, with everything that belongs to it.")
            .Takes("client", "The client identifier; a slash in it as %2F.", Microsoft.OpenApi.ParameterLocation.Path)
            .Answers<RemedyAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapWrite(HttpMethods.Delete, "/identities/{identity}", context => EndIdentityAsync(context, remedies))
            .Describe("endIdentity", "Close all connections of an identity, and end all of its sessions.")
            .Takes("identity", "The identity; a slash in it as %2F.", Microsoft.OpenApi.ParameterLocation.Path)
            .Takes("sessions", $"{Keep}: only close the connections; sessions that outlive them are kept.")
            .Answers<RemedyAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapWrite(HttpMethods.Delete, "/retained", context => PurgeAsync(context, remedies))
            .Describe("purgeRetained", "Remove the retained messages whose topics match a filter. Subscribers are not told of it.")
            .Takes("filter", "A topic filter, with # as %23 and + as %2B; required.")
            .Answers<RemedyAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static async Task EndSessionAsync(HttpContext context, Remedies remedies)
    {
        if (!remedies.HasSessions)
        {
            await NoBrokerAsync(context);
            return;
        }

        var clientId = PathName.Of(context, "client");
        var done = await remedies.EndSessionAsync(context, clientId);
        await (done.Sessions == 0
            ? Answer.TextAsync(
                context, StatusCodes.Status404NotFound, $"there is no session of a client {Answer.Quote(clientId)}\n")
            : DoneAsync(context, done));
    }

    private static async Task EndIdentityAsync(HttpContext context, Remedies remedies)
    {
        if (!QueryParameters.TryReadOne(context, "sessions", out var sessions, out var error))
        {
            await Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
            return;
        }

        if (sessions is not (null or Keep))
        {
            await Answer.TextAsync(
                context, StatusCodes.Status400BadRequest, $"sessions={Answer.Quote(sessions)} is not {Keep}; leave it out to end them\n");
            return;
        }

        var identity = PathName.Of(context, "identity");
        var done = sessions is null
            ? await remedies.EndIdentityAsync(context, identity)
            : remedies.DisconnectIdentity(context, identity);
        await (done is { Connections: 0, Sessions: 0 }
            ? Answer.TextAsync(
                context, StatusCodes.Status404NotFound,
                $"{Answer.Quote(identity)} has no connection{(sessions is null ? " and no session" : "")}\n")
            : DoneAsync(context, done));
    }

    private static async Task PurgeAsync(HttpContext context, Remedies remedies)
    {
        if (!remedies.HasSessions)
        {
            await NoBrokerAsync(context);
            return;
        }

        var problem = QueryParameters.TryReadOne(context, "filter", out var filter, out var error)
            ? Problem(filter, out var utf8)
            : Failed(error, out utf8);
        await (problem is null
            ? DoneAsync(context, await remedies.PurgeRetainedAsync(context, filter!, utf8))
            : Answer.TextAsync(context, StatusCodes.Status400BadRequest, problem + "\n"));
    }

    private static string Failed(string error, out byte[] utf8)
    {
        utf8 = [];
        return error;
    }

    private static string? Problem(string? filter, out byte[] utf8)
    {
        utf8 = MqttText.Encode(filter ?? "");
        return string.IsNullOrEmpty(filter) ? "the filter is missing: /retained?filter=FILTER, with # as %23 and + as %2B"
            : !TopicFilter.TryParse(utf8, out var share, out _) || !share.IsEmpty
                ? $"{Answer.Quote(filter)} is not a topic filter (a plus sign in a query stands for a space, %2B for itself)"
            : filter.StartsWith("$SYS/", StringComparison.Ordinal) ? "the broker's own topics under $SYS/ cannot be removed"
            : null;
    }

    private static Task DoneAsync(HttpContext context, RemedyApplied done) => Answer.JsonAsync(
        context, StatusCodes.Status200OK, new RemedyAnswer(
            JsonNamingPolicy.CamelCase.ConvertName($"{done.Action}"), done.Target, done.Connections, done.Sessions, done.Retained),
        RemedyJson.Answer);

    private static Task NoBrokerAsync(HttpContext context) => Answer.TextAsync(
        context, StatusCodes.Status404NotFound, "this host serves no MQTT: it has no sessions and no retained messages\n");
}

/// <summary>What was done.</summary>
/// <param name="Action">The action: a <see cref="RemedyAction"/> as JSON writes it.</param>
/// <param name="Target">To what.</param>
/// <param name="Connections">How many connections were told to close.</param>
/// <param name="Sessions">How many sessions were ended.</param>
/// <param name="Retained">How many retained messages were removed.</param>
internal sealed record RemedyAnswer(string Action, string Target, int Connections, int Sessions, long Retained);

internal static class RemedyJson
{
    public static JsonTypeInfo<RemedyAnswer> Answer { get; } = ManagementJson.Of<RemedyAnswer>(RemedyJsonContext.Default);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RemedyAnswer))]
internal sealed partial class RemedyJsonContext : JsonSerializerContext;
