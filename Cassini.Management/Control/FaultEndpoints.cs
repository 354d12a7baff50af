using System.Globalization;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Hosting;

namespace Cassini.Management.Control;

/// <summary>POST /faults/…: rehearsals of real failures, when they are enabled.</summary>
internal static class FaultEndpoints
{
    private static readonly Dictionary<string, Fault> Faults = new(StringComparer.OrdinalIgnoreCase)
    {
        ["crash-connection"] = new((faults, id, _) => faults.CrashConnection(id), TakesId: true),
        ["crash-accept"] = new((faults, _, endpoint) => faults.CrashAcceptLoop(endpoint), TakesEndpoint: true),
        ["crash-manager"] = new((faults, _, _) => faults.CrashManager()),
        ["stall-accept"] = new((faults, _, endpoint) => faults.StallAccept(endpoint), TakesEndpoint: true),
        ["close-endpoint"] = new((faults, _, endpoint) => faults.CloseEndpoint(endpoint), TakesEndpoint: true),
        ["stop-ticks"] = new((faults, _, _) => Done(faults.StopTicks)),
        ["resume"] = new((faults, _, _) => Done(faults.Resume)),
    };

    /// <summary>Maps the rehearsals.</summary>
    /// <param name="routes">Where they are mapped.</param>
    /// <param name="faults">The faults; null when rehearsal is not enabled.</param>
    /// <param name="remedy">How it is enabled.</param>
    public static void MapFaults(this IEndpointRouteBuilder routes, IRehearsals? faults, string remedy) =>
        routes.MapWrite(HttpMethods.Post, "/faults/{fault}", context => AnswerAsync(context, faults, remedy))
            .Describe("fault", "Rehearse a failure; only where rehearsal is enabled.")
            .Takes("fault", $"One of {Names}.", Microsoft.OpenApi.ParameterLocation.Path)
            .Takes("id", "crash-connection: the number of the connection; any when absent.", type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Takes("endpoint", "crash-accept, stall-accept, close-endpoint: which, as configured; every one when absent.")
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);

    private static string Names => string.Join(", ", Faults.Keys);

    private static Task AnswerAsync(HttpContext context, IRehearsals? faults, string remedy)
    {
        var name = context.Request.RouteValues["fault"] as string ?? "";
        if (faults is null)
        {
            return Answer.TextAsync(context, StatusCodes.Status404NotFound, $"rehearsal is not enabled: {remedy}\n");
        }

        // The standalone surface rehearses on loopback only; an application that embeds it may listen anywhere.
        if (!EmbeddedAccess.IsOfThisMachine(context) && !EmbeddedAccess.IsAuthorized(context.GetEndpoint()))
        {
            return Answer.TextAsync(
                context, StatusCodes.Status403Forbidden, "rehearsals are for callers on this machine, or for those that are authorized\n");
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
                return Answer.TextAsync(
                    context, StatusCodes.Status400BadRequest, $"id={Answer.Quote(text)} is not the number of a connection\n");
            }

            id = number;
        }

        string? endpoint = query.TryGetValue("endpoint", out var address) ? address.ToString() : null;
        return fault.Inject(faults, id, endpoint)
            ? Answer.AcceptedAsync(context, new AcceptedAnswer(name, id, endpoint))
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
        : Answer.TextAsync(context, StatusCodes.Status503ServiceUnavailable, "the queue of the listener manager is full\n");

    private static bool Done(Action action)
    {
        action();
        return true;
    }

    private sealed record Fault(Func<IRehearsals, long?, string?, bool> Inject, bool TakesId = false, bool TakesEndpoint = false)
    {
        public bool Takes(string parameter) =>
            (TakesId && parameter.Equals("id", StringComparison.OrdinalIgnoreCase))
            || (TakesEndpoint && parameter.Equals("endpoint", StringComparison.OrdinalIgnoreCase));
    }
}
