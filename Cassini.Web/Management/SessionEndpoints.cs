using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Health;

namespace Cassini.Web.Management;

/// <summary>GET /sessions and /sessions/{id}, DELETE /sessions/{id}: the live table.</summary>
internal static class SessionEndpoints
{
    public static void MapSessions(this IEndpointRouteBuilder routes, ManagementContext broker)
    {
        routes.MapReads("/sessions", context => JsonAsync(context, StatusCodes.Status200OK, broker.Sessions.List(), ManagementJson.Sessions))
            .Describe("sessions", "Every live connection, by number.")
            .Answers<IReadOnlyList<SessionRow>>(StatusCodes.Status200OK, Answer.Json);
        routes.MapReads("/sessions/{id}", context => AnswerOneAsync(context, broker))
            .Describe("session", "One live connection.").TakesId()
            .Answers<SessionRow>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapWrite(HttpMethods.Delete, "/sessions/{id}", context => DisconnectAsync(context, broker))
            .Describe("disconnectSession", "Disconnect one client.").TakesId()
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static IEndpointConventionBuilder TakesId(this IEndpointConventionBuilder endpoint) => endpoint.Takes(
        "id", "The connection's number.", Microsoft.OpenApi.ParameterLocation.Path, type: Microsoft.OpenApi.JsonSchemaType.Integer);

    private static Task AnswerOneAsync(HttpContext context, ManagementContext broker) =>
        TryReadId(context, out var id) && broker.Sessions.TryGet(id.Value, out var row)
            ? JsonAsync(context, StatusCodes.Status200OK, row, ManagementJson.Session)
            : NotFoundAsync(context);

    private static Task DisconnectAsync(HttpContext context, ManagementContext broker) =>
        TryReadId(context, out var id) && broker.Listeners.Disconnect(id.Value)
            ? JsonAsync(context, StatusCodes.Status202Accepted, new AcceptedAnswer("disconnect", id, null), ManagementJson.Accepted)
            : NotFoundAsync(context);

    private static bool TryReadId(HttpContext context, [NotNullWhen(true)] out long? id)
    {
        id = long.TryParse(context.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
        return id is not null;
    }

    private static Task NotFoundAsync(HttpContext context) => Answer.TextAsync(
        context, StatusCodes.Status404NotFound, $"there is no live session {Answer.Quote(context.Request.RouteValues["id"] as string)}\n");

    private static Task JsonAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> shape) =>
        Answer.BytesAsync(context, status, Answer.Json, JsonSerializer.SerializeToUtf8Bytes(value, shape));
}
