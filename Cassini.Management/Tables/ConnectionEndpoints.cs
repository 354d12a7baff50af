using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Http;
using Cassini.Streams.Health;

namespace Cassini.Management.Tables;

/// <summary>GET /connections and /connections/{id}, DELETE /connections/{id}: the live table.</summary>
internal static class ConnectionEndpoints
{
    public static void MapConnections(this IEndpointRouteBuilder routes, ManagementContext broker)
    {
        routes.MapReads("/connections", context => AnswerSomeAsync(context, broker))
            .Describe("connections", "The live connections. The header X-Total-Count says how many match, listed or not.")
            .Takes("search", "Only those that have this in their identity, client identifier, address or endpoint. Case does not matter.")
            .Takes("sort", $"By what: one of {string.Join(", ", ConnectionQuery.Columns)}; - before it for the other way round. By default id.")
            .Takes("offset", "How many are passed over: from 0, by default 0.", type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Takes("limit", "How many are listed at most: 1 to 1,000; by default all.", type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Answers<IReadOnlyList<ConnectionRow>>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText);
        routes.MapReads("/connections/{id}", context => AnswerOneAsync(context, broker))
            .Describe("connection", "One live connection.").TakesId()
            .Answers<ConnectionRow>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapWrite(HttpMethods.Delete, "/connections/{id}", context => DisconnectAsync(context, broker))
            .Describe("disconnect", "Close one connection.").TakesId()
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static IEndpointConventionBuilder TakesId(this IEndpointConventionBuilder endpoint) => endpoint.Takes(
        "id", "The connection's number.", Microsoft.OpenApi.ParameterLocation.Path, type: Microsoft.OpenApi.JsonSchemaType.Integer);

    private static Task AnswerSomeAsync(HttpContext context, ManagementContext broker)
    {
        if (!ConnectionQuery.TryRead(context, out var query, out var error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        var rows = query.Of(broker.Connections.List(), out var matching);
        context.Response.Headers["X-Total-Count"] = matching.ToString(CultureInfo.InvariantCulture);
        return JsonAsync(context, StatusCodes.Status200OK, rows, ManagementJson.Connections);
    }

    private static Task AnswerOneAsync(HttpContext context, ManagementContext broker) =>
        TryReadId(context, out var id) && broker.Connections.TryGet(id.Value, out var row)
            ? JsonAsync(context, StatusCodes.Status200OK, row, ManagementJson.Connection)
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
        context, StatusCodes.Status404NotFound, $"there is no live connection {Answer.Quote(context.Request.RouteValues["id"] as string)}\n");

    private static Task JsonAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> shape) =>
        Answer.BytesAsync(context, status, Answer.Json, JsonSerializer.SerializeToUtf8Bytes(value, shape));
}
