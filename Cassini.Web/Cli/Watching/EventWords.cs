using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Watching;

/// <summary>Events in one line, for people. Text from clients is made safe for a terminal.</summary>
internal static class EventWords
{
    public static LineKind KindOf(BrokerEvent happened) => happened switch
    {
        HealthChanged { Check: CheckNames.Phase } e => e.Reason is null ? LineKind.Good : LineKind.Notable,
        HealthChanged e => e.To > e.From ? LineKind.Bad : LineKind.Good,
        Crashed or GaveUp or BindFailed or AcceptFailed or CanaryFailed or CertificateReloadFailed or StoreFailed
            or EngineLost or PeerLost or NameTaken => LineKind.Bad,
        ListenerClosed or MessagesDropped or CapacityReached or IdentityQuarantined or ClientIdContested or CertificateExpiring
            or PhaseEntered or Restarted or StoreResumed or RemedyApplied or EngineConnected or FleetJoined or FleetJoinLate or PeerJoined
            or PeerSuspected or PeerBack or PeerLeft or PeerSeen or InterestLagging or PeerDiffers or PeerClockSkewed or LinkStalled
            or LinkDropping or RetainedIncomplete or MessagesNotKept or NameFreed
            => LineKind.Notable,
        _ => LineKind.Plain,
    };

    /// <summary>Its values, in the order and by the names that the feed gives them.</summary>
    public static string Of(BrokerEvent happened)
    {
        if (happened is HealthChanged { Check: CheckNames.Phase } phase)
        {
            // A phase is entered on purpose: a clean stop is no error.
            var message = phase.Message is null ? "" : $": {phase.Message}";
            return SafeText.Line($"{phase.Check} {phase.Reason ?? nameof(Phase.Ready)}{message}");
        }

        if (happened is HealthChanged e)
        {
            var reason = e.Reason is null ? "" : $" {e.Reason}: {e.Message}";
            return SafeText.Line($"{e.Check} {e.From.ToString().ToLowerInvariant()} → {e.To.ToString().ToLowerInvariant()}{reason}");
        }

        var json = JsonSerializer.SerializeToElement(happened, happened.GetType(), EventJson.Options);
        return SafeText.Line(string.Join(' ', json.EnumerateObject()
            .Where(value => value.Value.ValueKind != JsonValueKind.Null)
            .Select(value => $"{value.Name}={Text(value.Value)}")));
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? string.Join(' ', value.EnumerateObject()
            .Where(inner => inner.Value.ValueKind == JsonValueKind.String)
            .Select(inner => inner.Value.ToString())).TrimEnd()
        : value.ToString();
}
