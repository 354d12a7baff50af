using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>Most handshakes succeed. Judged only when there were enough of them.</summary>
internal sealed class HandshakeCheck : Check
{
    public override string Name => CheckNames.Handshake;

    public override object Basis(HealthFacts facts) => facts.Handshakes;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var window = facts.Handshakes.Window;
        var refused = window.Total == 0 ? 0 : (double)window.Bad / window.Total;
        if (window.Total < policy.HandshakeMinimum
            || !Threshold.Exceeds(refused, policy.HandshakeRefusedRatio, policy.LeaveRatio, raw is HealthStatus.Degraded))
        {
            return Verdict.Ok();
        }

        var message = string.Create(
            CultureInfo.InvariantCulture,
            $"{window.Bad} of {Quantity.Of(window.Total, "handshake")} refused in {policy.HandshakeWindow.TotalSeconds:0.##} s");
        return Verdict.Of(HealthStatus.Degraded, Reasons.HandshakesRefused, message, facts.Handshakes.LastRefusal);
    }
}
