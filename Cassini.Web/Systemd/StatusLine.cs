using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Web.Systemd;

/// <summary>What <c>systemctl status</c> shows of a broker: phase, status and, unless everything works, why.</summary>
internal static class StatusLine
{
    public static string Of(HealthSnapshot snapshot)
    {
        // A phase is entered on purpose: a clean stop is no error.
        if (snapshot.Phase == Phase.Stopped)
        {
            return Word(snapshot.Phase);
        }

        var verdict = snapshot switch
        {
            { Live: false } => ", not live",
            { Ready: false } => ", not ready",
            _ => "",
        };
        var words = $"{Word(snapshot.Phase)}, {Word(snapshot.Status)}{verdict}";

        // One line, whatever a message holds: a line break would begin another assignment.
        return snapshot is { Ready: true, Status: HealthStatus.Ok } ? words : $"{words}: {HealthReason.Of(snapshot)}";
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
