using System.Globalization;
using System.Text.Json;
using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Administering;

/// <summary>The answers of the management in lines for people. Text from clients is made safe for a terminal.</summary>
internal static class AdminText
{
    /// <exception cref="ClientException">It is no such answer.</exception>
    public static string Of(string answer, AdminAction action)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return action.View switch
            {
                AdminView.Identities => Identities(json.RootElement),
                AdminView.Sessions => Sessions(json.RootElement),
                AdminView.Client => Client(json.RootElement),
                _ => Done(json.RootElement),
            };
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ClientException("the answer is none of a Cassini's management", isLasting: true, cause: failure);
        }
    }

    private static string Done(JsonElement answer)
    {
        var (connections, sessions, retained) = (Number(answer, "connections"), Number(answer, "sessions"), Number(answer, "retained"));
        return answer.GetProperty("action").GetString() switch
        {
            "purgeRetained" => $"{Quantity.Of(retained, "retained message")} removed",
            "disconnectIdentity" => $"{Quantity.Of(connections, "connection")} closed",
            _ => $"{Quantity.Of(sessions, "session")} ended, {Quantity.Of(connections, "connection")} closed",
        };
    }

    private static string Identities(JsonElement answer)
    {
        var resources = answer.GetProperty("limits").EnumerateObject().Select(limit => limit.Name).ToList();
        List<string[]> rows = [["identity", .. resources]];
        foreach (var row in answer.GetProperty("identities").EnumerateArray())
        {
            var holds = row.GetProperty("holds");
            rows.Add([Name(row, "identity"), .. resources.Select(name => Cell(holds, name))]);
        }

        rows.Add(["all may have", .. resources.Select(name => Text(Number(answer.GetProperty("limits"), name)))]);
        return Listed(rows, answer, "identities");
    }

    private static string Sessions(JsonElement answer)
    {
        List<string[]> rows =
        [
            ["client", "identity", "state", "since", "expires", "subscriptions", "queued", "in flight", "dropped", "slow"],
        ];
        foreach (var row in answer.GetProperty("sessions").EnumerateArray())
        {
            rows.Add(
            [
                Name(row, "clientId"), Name(row, "identity"), Name(row, "state"), Time(row, "since"), Expires(row),
                Text(Number(row, "subscriptions")), Text(Number(row, "queued")), Text(Number(row, "inFlight")),
                Text(Number(row, "dropped")), Slow(row),
            ]);
        }

        if (rows[1..].TrueForAll(row => row[^1].Length == 0))
        {
            rows = rows.ConvertAll(row => row[..^1]);
        }

        return Listed(rows, answer, "sessions");
    }

    private static string Client(JsonElement answer)
    {
        var session = answer.GetProperty("session");
        List<string[]> rows =
        [
            ["client", Name(session, "clientId")],
            ["identity", Name(session, "identity")],
            ["state", $"{Name(session, "state")} since {Time(session, "since")}"],
            ["expires", Expires(session)],
            ["queued", $"{Quantity.Of(Number(session, "queued"), "message")}, {Quantity.Of(Number(session, "queuedBytes"), "byte")}"],
            ["in flight", Text(Number(session, "inFlight"))],
            ["dropped", Text(Number(session, "dropped"))],
            .. Slow(session) is { Length: > 0 } slow ? new[] { new[] { "slow", slow } } : [],
        ];
        if (answer.GetProperty("connection") is { ValueKind: JsonValueKind.Object } connection)
        {
            rows.Add(
            [
                "connection",
                $"{Number(connection, "id")} from {Name(connection, "remoteAddress")} on {Name(connection, "endpoint")}, "
                    + $"{Name(session, "protocol")} over {Name(connection, "protocol")}",
            ]);
        }

        foreach (var subscription in answer.GetProperty("subscriptions").EnumerateArray())
        {
            rows.Add(["subscription", $"{Name(subscription, "filter")} at QoS {Number(subscription, "qos")}"]);
        }

        var unlisted = Number(session, "subscriptions") - answer.GetProperty("subscriptions").GetArrayLength();
        return Columns(rows) + (unlisted > 0 ? $"{Environment.NewLine}and {Text(unlisted)} more" : "");
    }

    /// <summary>The rows, and how many more there are.</summary>
    private static string Listed(List<string[]> rows, JsonElement answer, string list)
    {
        var unlisted = Number(answer, "count") - answer.GetProperty(list).GetArrayLength();
        return Columns(rows) + (unlisted > 0 ? $"{Environment.NewLine}and {Text(unlisted)} more" : "");
    }

    private static string Columns(List<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToList();
        return string.Join(
            Environment.NewLine,
            rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }

    private static string Name(JsonElement row, string name) => SafeText.Of(row.GetProperty(name).GetString(), SafeText.Short);

    /// <summary>Why its client does not keep up; empty while it does, and from an older Cassini.</summary>
    private static string Slow(JsonElement session) =>
        !session.TryGetProperty("slow", out var slow) || slow.ValueKind == JsonValueKind.Null ? ""
        : session.GetProperty("stalledSeconds") is { ValueKind: JsonValueKind.Number } stalled
            ? string.Create(CultureInfo.InvariantCulture, $"{Name(session, "slow")}, nothing taken for {stalled.GetDouble():N0} s")
        : Name(session, "slow");

    private static string Time(JsonElement row, string name) =>
        row.GetProperty(name).GetDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Expires(JsonElement session) =>
        session.GetProperty("expirySeconds").ValueKind == JsonValueKind.Null ? "never"
        : session.GetProperty("expiresAt").ValueKind != JsonValueKind.Null ? Time(session, "expiresAt")
        : session.GetProperty("expirySeconds").GetDouble() is var seconds and > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{seconds:N0} s after its connection")
        : "with its connection";

    private static string Cell(JsonElement holds, string name) =>
        holds.TryGetProperty(name, out var held) ? $"{Text(Number(held, "held"))} of {Text(Number(held, "share"))}" : "";

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
