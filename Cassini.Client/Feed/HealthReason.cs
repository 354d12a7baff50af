using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>Describes health in one line, for people.</summary>
public static class HealthReason
{
    /// <summary>The checks that are not ok and their reasons, the worst first; the phase when all are ok. Safe for a terminal.</summary>
    public static string Of(HealthSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);

        // While the feed is lost, the loss is the reason, and the checks have none of their own.
        var unheard = snapshot.Checks.FirstOrDefault(check => check.Name == UnknownHealth.CheckName);
        if (unheard is not null)
        {
            return SafeText.Line(unheard.Message ?? unheard.Reason ?? "");
        }

        var failing = snapshot.Checks
            .Where(check => check.Status is not (HealthStatus.Ok or HealthStatus.Off))
            .OrderByDescending(check => check.Status)
            .Select(check => $"{check.Name} {check.Reason ?? check.Status.ToString()}" + (check.Message is { } why ? $": {why}" : ""));
        var text = string.Join("; ", failing);
        return snapshot.Store?.Recovery is { } recovery ? SafeText.Line($"{text} ({Progress(recovery)})")
            : text.Length > 0 ? SafeText.Line(text) : $"the phase is {snapshot.Phase.ToString().ToLowerInvariant()}";
    }

    private static string Progress(StoreRecovery recovery)
    {
        if (recovery.Total == 0)
        {
            return "the journal is being opened";
        }

        var part = 100 * recovery.Read / recovery.Total;
        var (sessions, messages) = (Quantity.Of(recovery.Sessions, "session"), Quantity.Of(recovery.Messages, "message"));
        return string.Create(CultureInfo.InvariantCulture, $"{part} % of {recovery.Total:N0} bytes read, {sessions}, {messages}");
    }

    /// <summary>Whether the feed is lost, so that its snapshot was made on this side.</summary>
    public static bool IsLost(HealthSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return snapshot.Checks.Any(check => check.Name == UnknownHealth.CheckName);
    }

    /// <summary>Whether the first attempt to connect is in progress.</summary>
    public static bool IsConnecting(HealthSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return snapshot.Checks.Any(check => check is { Name: UnknownHealth.CheckName, Reason: nameof(FeedLoss.NotConnected) });
    }
}
