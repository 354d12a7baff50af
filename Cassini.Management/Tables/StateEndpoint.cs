using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Management.Http;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>GET /state: the state of the fold and its policy at one instant, the first line of a record.</summary>
internal static class StateEndpoint
{
    public static void MapState(this IEndpointRouteBuilder routes, HealthProjection health, string name) =>
        routes.MapReads("/state", context => AnswerAsync(context, health, name))
            .Describe(
                "state",
                "The state of health and its policy at one instant: the first line of a record, which the events after it continue.")
            .Answers(StatusCodes.Status200OK, Answer.Json);

    /// <summary>The header, and as its last member the broker's name, which tells people whose record it is.</summary>
    private static Task AnswerAsync(HttpContext context, HealthProjection health, string name) =>
        Answer.BytesAsync(
            context, StatusCodes.Status200OK, Answer.Json,
            (byte[])[
                .. health.ToRecordHeader().AsSpan()[..^1],
                .. ",\"name\":"u8,
                .. JsonSerializer.SerializeToUtf8Bytes(name, StateNameJsonContext.Default.String),
                .. "}\n"u8,
            ]);
}

[JsonSerializable(typeof(string))]
internal sealed partial class StateNameJsonContext : JsonSerializerContext;
