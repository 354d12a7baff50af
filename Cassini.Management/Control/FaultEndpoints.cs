using System.Globalization;
using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Management.Tables;

namespace Cassini.Management.Control;

/// <summary>POST /faults/…: rehearsals of real failures, when they are enabled.</summary>
internal static class FaultEndpoints
{
    private static readonly Dictionary<string, Fault> Faults = new(StringComparer.OrdinalIgnoreCase)
    {
        ["crash-session"] = new((broker, id, _) => broker.Listeners.CrashConnection(id), TakesId: true),
        ["crash-accept"] = new((broker, _, endpoint) => broker.Listeners.CrashAcceptLoop(endpoint), TakesEndpoint: true),
        ["crash-manager"] = new((broker, _, _) => broker.Listeners.CrashManager()),
        ["stall-accept"] = new((broker, _, endpoint) => broker.Listeners.StallAccept(endpoint), TakesEndpoint: true),
        ["close-endpoint"] = new((broker, _, endpoint) => broker.Listeners.CloseEndpoint(endpoint), TakesEndpoint: true),
        ["stop-ticks"] = new((broker, _, _) => Done(broker.Health.StopTicks)),
        ["resume"] = new((broker, _, _) => Done(() =>
        {
            broker.Health.ResumeTicks();
            broker.Listeners.Resume();
        })),
    };

    public static void MapFaults(this IEndpointRouteBuilder routes, ManagementContext broker) =>
        routes.MapWrite(HttpMethods.Post, "/faults/{fault}", context => AnswerAsync(context, broker))
            .Describe("fault", "Rehearse a failure; only with --enable-faults.")
            .Takes("fault", $"One of {Names}.", Microsoft.OpenApi.ParameterLocation.Path)
            .Takes("id", "crash-session: the number of the connection; any when absent.", type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Takes("endpoint", "crash-accept, stall-accept, close-endpoint: which, as configured; every one when absent.")
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);

    private static string Names => string.Join(", ", Faults.Keys);

    private static Task AnswerAsync(HttpContext context, ManagementContext broker)
    {
        var name = context.Request.RouteValues["fault"] as string ?? "";
        if (!broker.Options.EnableFaults)
        {
            return Answer.TextAsync(context, StatusCodes.Status404NotFound, "rehearsal is not enabled: start with --enable-faults\n");
        }

        if (!Faults.TryGetValue(name, out var fault))
        {
            return Answer.TextAsync(context, StatusCodes.Status404NotFound, $"there is no fault {Answer.Quote(name)}; there are {Names}\n");
        }

        var query = context.Request.Query;
        if (query.Keys.FirstOrDefault(key => !fault.Takes(key)) is { } unknown)
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, $"{name} takes no parameter {Answer.Quote(unknown)}\n");
        }

        long? id = null;
        if (query.TryGetValue("id", out var text))
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return Answer.TextAsync(context, StatusCodes.Status400BadRequest, $"id={Answer.Quote(text)} is not the number of a connection\n");
            }

            id = number;
        }

        string? endpoint = query.TryGetValue("endpoint", out var address) ? address.ToString() : null;
        return fault.Inject(broker, id, endpoint)
            ? Answer.BytesAsync(
                context, StatusCodes.Status202Accepted, Answer.Json,
                JsonSerializer.SerializeToUtf8Bytes(new AcceptedAnswer(name, id, endpoint), ManagementJson.Accepted))
            : RefuseAsync(context, fault, id, endpoint);
    }

    private static Task RefuseAsync(HttpContext context, Fault fault, long? id, string? endpoint) =>
        fault.TakesId
            ? Answer.TextAsync(context, StatusCodes.Status404NotFound, id is null
                ? "there is no open connection\n"
                : string.Create(CultureInfo.InvariantCulture, $"there is no open connection {id}\n"))
        : fault.TakesEndpoint
            ? Answer.TextAsync(context, StatusCodes.Status404NotFound, endpoint is null
                ? "there is no endpoint\n"
                : $"there is no endpoint {Answer.Quote(endpoint)}\n")
        : Answer.TextAsync(context, StatusCodes.Status503ServiceUnavailable, "the listener manager has no room for it now\n");

    private static bool Done(Action action)
    {
        action();
        return true;
    }

    private sealed record Fault(Func<ManagementContext, long?, string?, bool> Inject, bool TakesId = false, bool TakesEndpoint = false)
    {
        public bool Takes(string parameter) =>
            (TakesId && parameter.Equals("id", StringComparison.OrdinalIgnoreCase))
            || (TakesEndpoint && parameter.Equals("endpoint", StringComparison.OrdinalIgnoreCase));
    }
}
