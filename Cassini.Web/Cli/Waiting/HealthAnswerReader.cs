using System.Net;
using System.Text.Json;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Judges a probe's answer. Only JSON in Cassini's own shape can say yes: a 200 of whatever else listens there is no evidence.</summary>
internal static class HealthAnswerReader
{
    private const int LongestText = 300;

    public static HealthAnswer Read(WaitGoal goal, HttpStatusCode code, string? mediaType, byte[] body)
    {
        if (code is not (HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable) || Root(mediaType, body) is not { } root
            || Text(root, "status") is not { } status)
        {
            return new HealthAnswer(AnswerKind.Strange, $"answers, but not as Cassini does ({(int)code} {mediaType ?? "without a body"})");
        }

        var holds = code == HttpStatusCode.OK && (goal != WaitGoal.Ok || status == "ok");
        return holds
            ? new HealthAnswer(AnswerKind.Yes, goal.ToString().ToLowerInvariant())
            : new HealthAnswer(AnswerKind.No, Why(goal, root, status));
    }

    private static string Why(WaitGoal goal, JsonElement root, string status)
    {
        var failing = Checks(root).Select(Describe).ToList();
        var reasons = failing.Count > 0 ? string.Join("; ", failing)
            : Text(root, "message") ?? (Text(root, "phase") is { } phase ? $"the phase is {phase}" : $"the status is {status}");
        var text = $"not {goal.ToString().ToLowerInvariant()}: {reasons}";

        // Somebody else's words on our terminal: one line, bounded, nothing that a terminal obeys.
        var shown = string.Concat(text.Take(LongestText).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length <= LongestText ? shown : shown + "…";
    }

    private static IEnumerable<JsonElement> Checks(JsonElement root) =>
        root.TryGetProperty("checks", out var checks) && checks.ValueKind == JsonValueKind.Array
            ? checks.EnumerateArray().Where(check => check.ValueKind == JsonValueKind.Object && Fails(check))
            : [];

    /// <summary>A probe says itself which checks make it fail; the whole health leaves that to its reader.</summary>
    private static bool Fails(JsonElement check) => check.TryGetProperty("failed", out var failed)
        ? failed.ValueKind == JsonValueKind.True
        : Text(check, "status") is not ("ok" or "off");

    private static string Describe(JsonElement check)
    {
        var words = new[] { Text(check, "name"), Text(check, "reason") ?? Text(check, "status") }.Where(word => word is not null);
        return string.Join(' ', words) + (Text(check, "message") is { } message ? $": {message}" : "");
    }

    private static JsonElement? Root(string? mediaType, byte[] body)
    {
        if (mediaType is not "application/json")
        {
            return null;
        }

        try
        {
            var root = JsonSerializer.Deserialize<JsonElement>(body);
            return root.ValueKind == JsonValueKind.Object ? root : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
