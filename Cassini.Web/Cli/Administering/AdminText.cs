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
            return action.IsTable ? Table(json.RootElement) : Done(json.RootElement);
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

    private static string Table(JsonElement answer)
    {
        var resources = answer.GetProperty("limits").EnumerateObject().Select(limit => limit.Name).ToList();
        List<string[]> rows = [["identity", .. resources]];
        foreach (var row in answer.GetProperty("identities").EnumerateArray())
        {
            var holds = row.GetProperty("holds");
            var identity = SafeText.Of(row.GetProperty("identity").GetString(), SafeText.Short);
            rows.Add([identity, .. resources.Select(name => Cell(holds, name))]);
        }

        rows.Add(["all may have", .. resources.Select(name => Text(Number(answer.GetProperty("limits"), name)))]);
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToList();
        var lines = rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        var unlisted = Number(answer, "count") - answer.GetProperty("identities").GetArrayLength();
        return string.Join(Environment.NewLine, unlisted > 0 ? lines.Append($"and {Text(unlisted)} more") : lines);
    }

    private static string Cell(JsonElement holds, string name) =>
        holds.TryGetProperty(name, out var held) ? $"{Text(Number(held, "held"))} of {Text(Number(held, "share"))}" : "";

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
