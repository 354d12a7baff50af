using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Cassini.Management.Http;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>GET /connections and /connections/{id}, DELETE /connections/{id}: the live table.</summary>
internal static class ConnectionEndpoints
{
    private static readonly RowTable<ConnectionRow> Table = new(
        [
            ("id", RowTable<ConnectionRow>.By(row => row.Id)),
            ("endpoint", RowTable<ConnectionRow>.ByText(row => row.Endpoint)),
            ("remoteAddress", RowTable<ConnectionRow>.ByText(row => row.RemoteAddress)),
            ("identity", RowTable<ConnectionRow>.ByText(row => row.Identity)),
            ("protocol", RowTable<ConnectionRow>.ByText(row => row.Protocol)),
            ("state", RowTable<ConnectionRow>.ByText(row => row.State)),
            ("acceptedAt", RowTable<ConnectionRow>.By(row => row.AcceptedAt)),
            ("clientId", RowTable<ConnectionRow>.ByText(row => row.ClientId)),
            ("mqttProtocol", RowTable<ConnectionRow>.ByText(row => row.MqttProtocol)),
        ],
        (row, search) => RowTable<ConnectionRow>.AnyHas(search, row.Identity, row.ClientId, row.RemoteAddress, row.Endpoint)
            || row.Id.ToString(CultureInfo.InvariantCulture) == search,
        limit: null);

    /// <summary>The rows of the live connections, for all who ask.</summary>
    public static RecentRows<ConnectionRow> RowsOf(LiveConnections connections, TimeProvider time) => new(Table, connections.List, time);

    /// <summary>Maps the live table.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="connections">The live connections.</param>
    /// <param name="rows">Their rows.</param>
    /// <param name="disconnect">Closes a connection; false when there is no such one.</param>
    public static void MapConnections(
        this IEndpointRouteBuilder routes, LiveConnections connections, RecentRows<ConnectionRow> rows,
        Func<HttpContext, long, bool> disconnect)
    {
        var table = routes.MapReads("/connections", context => AnswerSomeAsync(context, rows))
            .Describe(
                "connections",
                "The live connections. The header X-Total-Count says how many match, listed or not; "
                    + "X-Rows-Age how old the rows are, in seconds.")
            .Answers<IReadOnlyList<ConnectionRow>>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText);
        Table.Describe(table, "identity, client identifier, address or endpoint");
        routes.MapReads("/connections/{id}", context => AnswerOneAsync(context, connections))
            .Describe("connection", "One live connection.").TakesId()
            .Answers<ConnectionRow>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapWrite(HttpMethods.Delete, "/connections/{id}", context => DisconnectAsync(context, disconnect))
            .Describe("disconnect", "Close one connection.").TakesId()
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static IEndpointConventionBuilder TakesId(this IEndpointConventionBuilder endpoint) => endpoint.Takes(
        "id", "The connection's number.", Microsoft.OpenApi.ParameterLocation.Path, type: Microsoft.OpenApi.JsonSchemaType.Integer);

    private static async Task AnswerSomeAsync(HttpContext context, RecentRows<ConnectionRow> rows)
    {
        if (!Table.TryRead(context, out var query, out var error))
        {
            await Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
            return;
        }

        var page = await rows.SelectAsync(query, context.RequestAborted);
        context.Response.Headers["X-Total-Count"] = page.Matching.ToString(CultureInfo.InvariantCulture);
        page.SayAge(context);
        await Answer.JsonAsync(context, StatusCodes.Status200OK, page.Rows, TableJson.Connections);
    }

    private static Task AnswerOneAsync(HttpContext context, LiveConnections connections) =>
        TryReadId(context, out var id) && connections.TryGet(id.Value, out var row)
            ? Answer.JsonAsync(context, StatusCodes.Status200OK, row, TableJson.Connection)
            : NotFoundAsync(context);

    private static Task DisconnectAsync(HttpContext context, Func<HttpContext, long, bool> disconnect) =>
        TryReadId(context, out var id) && disconnect(context, id.Value)
            ? Answer.AcceptedAsync(context, new AcceptedAnswer("disconnect", id, null))
            : NotFoundAsync(context);

    private static bool TryReadId(HttpContext context, [NotNullWhen(true)] out long? id)
    {
        id = long.TryParse(context.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
        return id is not null;
    }

    private static Task NotFoundAsync(HttpContext context) => Answer.TextAsync(
        context, StatusCodes.Status404NotFound,
        $"there is no live connection {Answer.Quote(context.Request.RouteValues["id"] as string)}\n");
}
