using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>Health in one line, for people.</summary>
public static class HealthReason
{
    /// <summary>Which checks are not well and why, the worst first; the phase when all are well. Safe for a terminal.</summary>
    public static string Of(HealthSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);

        // While nothing is heard, that is the reason, and not what each check would say.
        var unheard = snapshot.Checks.FirstOrDefault(check => check.Name == UnknownHealth.CheckName);
        if (unheard is not null)
        {
            return SafeText.Line(unheard.Message ?? unheard.Reason ?? "");
        }

        var failing = snapshot.Checks
            .Where(check => check.Status is not (HealthStatus.Ok or HealthStatus.Off))
            .OrderByDescending(check => check.Status)
            .Select(check => $"{check.Name} {check.Reason ?? check.Status.ToString()}{(check.Message is { } message ? $": {message}" : "")}");
        var text = string.Join("; ", failing);
        return text.Length > 0 ? SafeText.Line(text) : $"the phase is {snapshot.Phase.ToString().ToLowerInvariant()}";
    }

    /// <summary>Whether nothing is heard of the broker: what its snapshot says is this side's own.</summary>
    public static bool IsLost(HealthSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return snapshot.Checks.Any(check => check.Name == UnknownHealth.CheckName);
    }

    /// <summary>Whether the first attempt to reach it is under way.</summary>
    public static bool IsConnecting(HealthSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return snapshot.Checks.Any(check => check is { Name: UnknownHealth.CheckName, Reason: nameof(FeedLoss.NotConnected) });
    }
}
