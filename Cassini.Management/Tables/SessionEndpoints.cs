using Cassini.Management.Http;
using Cassini.Streams.Broker;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Quotas;

namespace Cassini.Management.Tables;

/// <summary>GET /sessions: the MQTT sessions, open and kept. GET /clients/{client}: one client with everything of it.</summary>
internal static class SessionEndpoints
{
    private const int DefaultLimit = 100;
    private const int MostSubscriptions = 1_000;

    private const string Slow = "slow";

    private static readonly string[] States = [SessionRow.Connected, SessionRow.Kept, Slow];

    private static readonly RowTable<SessionRow> Table = new(
        [
            ("clientId", Comparer<SessionRow>.Create((left, right) => string.CompareOrdinal(left.ClientId, right.ClientId))),
            ("identity", RowTable<SessionRow>.ByText(row => row.Identity)),
            ("state", RowTable<SessionRow>.ByText(row => row.State)),
            ("protocol", RowTable<SessionRow>.ByText(row => row.Protocol)),
            ("keepAliveSeconds", RowTable<SessionRow>.By(row => row.KeepAliveSeconds)),
            ("since", RowTable<SessionRow>.By(row => row.Since)),
            ("expirySeconds", RowTable<SessionRow>.By(row => row.ExpirySeconds)),
            ("expiresAt", RowTable<SessionRow>.By(row => row.ExpiresAt)),
            ("subscriptions", RowTable<SessionRow>.By(row => row.Subscriptions)),
            ("queued", RowTable<SessionRow>.By(row => row.Queued)),
            ("queuedBytes", RowTable<SessionRow>.By(row => row.QueuedBytes)),
            ("inFlight", RowTable<SessionRow>.By(row => row.InFlight)),
            ("dropped", RowTable<SessionRow>.By(row => row.Dropped)),
            ("slow", RowTable<SessionRow>.ByText(row => row.Slow)),
            ("stalledSeconds", RowTable<SessionRow>.By(row => row.StalledSeconds)),
        ],
        (row, search) => RowTable<SessionRow>.AnyHas(search, row.ClientId, row.Identity),
        DefaultLimit,
        (row, state) => state == Slow ? row.Slow is not null : row.State == state);

    /// <summary>The rows of a broker's sessions, for all who ask.</summary>
    public static RecentRows<SessionRow> RowsOf(MqttBroker broker, TimeProvider time) =>
        new(Table, () => broker.GetSessions(SessionRow.Of), time);

    /// <summary>Maps both.</summary>
    /// <param name="routes">Where they are mapped.</param>
    /// <param name="broker">Has the sessions; null when the host serves another protocol.</param>
    /// <param name="rows">Their rows; null without a broker.</param>
    /// <param name="connections">The live connections.</param>
    /// <param name="accounts">What each identity has of what all share; null when nothing is shared.</param>
    public static void MapSessions(
        this IEndpointRouteBuilder routes, MqttBroker? broker, RecentRows<SessionRow>? rows, LiveConnections connections,
        AccountTable? accounts)
    {
        var sessions = routes.MapReads("/sessions", context => AnswerSomeAsync(context, rows))
            .Describe("sessions", "The MQTT sessions, open and kept. The header X-Rows-Age says how old the rows are, in seconds.")
            .Takes("state", $"Only those in this state: one of {string.Join(", ", States)}, the last for clients that do not keep up.")
            .Answers<SessionsAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        Table.Describe(sessions, "client identifier or identity");
        routes.MapReads("/clients/{client}", context => AnswerOneAsync(context, broker, connections, accounts))
            .Describe("client", "One client: its session, its connection, its subscriptions, and what its identity has.")
            .Takes("client", "The client identifier; a slash in it is %2F.", Microsoft.OpenApi.ParameterLocation.Path)
            .Answers<ClientAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static async Task AnswerSomeAsync(HttpContext context, RecentRows<SessionRow>? rows)
    {
        if (rows is null)
        {
            await NoBrokerAsync(context);
            return;
        }

        if (!QueryParameters.TryReadOne(context, "state", out var state, out var error)
            || !Table.TryRead(context, out var query, out error))
        {
            await Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
            return;
        }

        if (state is not null && !States.Contains(state))
        {
            await Answer.TextAsync(
                context, StatusCodes.Status400BadRequest, $"state={Answer.Quote(state)} is none of {string.Join(", ", States)}\n");
            return;
        }

        var page = await rows.SelectAsync(query with { Part = state }, context.RequestAborted);
        page.SayAge(context);
        await Answer.JsonAsync(
            context, StatusCodes.Status200OK,
            new SessionsAnswer(page.Matching, page.Matching > query.Offset + page.Rows.Count, page.Rows), TableJson.Sessions);
    }

    private static Task AnswerOneAsync(HttpContext context, MqttBroker? broker, LiveConnections connections, AccountTable? accounts)
    {
        if (broker is null)
        {
            return NoBrokerAsync(context);
        }

        var clientId = PathName.Of(context, "client");
        if (broker.FindSession(clientId) is not { } session)
        {
            return Answer.TextAsync(
                context, StatusCodes.Status404NotFound, $"there is no session of a client {Answer.Quote(clientId)}\n");
        }

        var connection = session.ConnectionId is { } id && connections.TryGet(id, out var row) ? row : null;
        var subscriptions = broker.GetClientSubscriptions(clientId);
        var listed = subscriptions
            .OrderBy(subscription => subscription.Filter, StringComparer.Ordinal)
            .Take(MostSubscriptions)
            .Select(one => new ClientSubscriptionRow(one.Filter, (int)one.QoS, one.NoLocal, one.RetainAsPublished));
        var answer = new ClientAnswer(
            SessionRow.Of(session), connection, [.. listed], subscriptions.Count > MostSubscriptions,
            accounts is null ? null : IdentityEndpoint.RowOf(session.Identity, accounts));
        return Answer.JsonAsync(context, StatusCodes.Status200OK, answer, TableJson.Client);
    }

    private static Task NoBrokerAsync(HttpContext context) =>
        Answer.TextAsync(context, StatusCodes.Status404NotFound, "this host serves no MQTT: it has no sessions\n");
}
