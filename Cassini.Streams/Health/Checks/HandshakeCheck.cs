using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>Most handshakes succeed. Judged only when there were enough of them, and one address alone is never enough.</summary>
internal sealed class HandshakeCheck : Check
{
    public override string Name => CheckNames.Handshake;

    public override object Basis(HealthFacts facts) => facts.Handshakes;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var refused = facts.Handshakes.Refused(policy.HandshakesPerAddress);
        var total = facts.Handshakes.Window.Good + refused;
        var share = total == 0 ? 0 : (double)refused / total;
        return total < policy.HandshakeMinimum
            || !Threshold.Exceeds(share, policy.HandshakeRefusedRatio, policy.LeaveRatio, raw is HealthStatus.Degraded)
                ? Verdict.Ok()
                : Verdict.Of(
                    HealthStatus.Degraded, Reasons.HandshakesRefused, Describe(facts.Handshakes, policy), facts.Handshakes.LastRefusal);
    }

    private static string Describe(HandshakeFacts facts, HealthPolicy policy)
    {
        var (window, seconds) = (facts.Window, policy.HandshakeWindow.TotalSeconds);
        var counts = string.Create(
            CultureInfo.InvariantCulture, $"{window.Bad} of {Quantity.Of(window.Total, "handshake")} refused in {seconds:0.##} s");
        return facts.Addresses.MaxBy(peer => peer.Window.Bad) is { } worst
            ? string.Create(CultureInfo.InvariantCulture, $"{counts}; most, {worst.Window.Bad}, from {worst.Address}: {worst.Reason}")
            : counts;
    }
}
