using System.Globalization;

namespace Cassini.Streams.Health;

/// <summary>Judges the thresholds of health and reports every error at once.</summary>
public static class HealthPolicyValidator
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Every violated rule, each naming the setting, its value and what is allowed; empty when all is well.</summary>
    public static IReadOnlyList<string> Validate(HealthPolicy policy)
    {
        var rules = new OptionRules();
        Validate(rules, policy);
        return rules.Errors;
    }

    internal static void Validate(OptionRules rules, HealthPolicy health)
    {
        rules.Range("Health:Tick", health.Tick, 10 * Millisecond, 10 * Second);
        rules.Range("Health:Window", health.Window, 100 * Millisecond, 10 * TimeSpan.FromMinutes(1));
        rules.Require(2 * health.Tick <= health.Window, "Health:Tick", health.Tick, "at most half of Health:Window");
        rules.Range("Health:LiveWindow", health.LiveWindow, 100 * Millisecond, Hour);
        rules.Require(health.LiveWindow >= health.Window, "Health:LiveWindow", health.LiveWindow, "at least Health:Window");
        rules.Range("Health:SlowRoundTrip", health.SlowRoundTrip, Millisecond, TimeSpan.FromMinutes(1));
        rules.Range("Health:SlowCanary", health.SlowCanary, Millisecond, TimeSpan.FromMinutes(1));
        rules.Range("Health:LeaveRatio", health.LeaveRatio, 0.01, 1);
        rules.Range("Health:CanaryErrorAfter", health.CanaryErrorAfter, 1, 100);
        rules.Range("Health:CanaryWindow", health.CanaryWindow, Second, Hour);
        rules.Range("Health:OtherClientWindow", health.OtherClientWindow, TimeSpan.Zero, Hour);
        rules.Range("Health:Hold", health.Hold, TimeSpan.Zero, Hour);
        rules.Range("Health:CrashWindow", health.CrashWindow, Second, Day);
        rules.Range("Health:CrashLimit", health.CrashLimit, 1, 10_000);
        rules.Range("Health:HandshakeWindow", health.HandshakeWindow, Second, Day);
        rules.Range("Health:HandshakeMinimum", health.HandshakeMinimum, 1, 1_000_000);
        rules.Range("Health:HandshakeRefusedRatio", health.HandshakeRefusedRatio, 0, 1);
        rules.Range("Health:CertificateExpiring", health.CertificateExpiring, TimeSpan.Zero, 3_650 * Day);
        rules.Range("Health:BacklogSoft", health.BacklogSoft, 1, long.MaxValue);
        rules.Range("Health:BacklogHard", health.BacklogHard, 1, long.MaxValue);
        rules.Require(
            health.BacklogHard >= health.BacklogSoft,
            "Health:BacklogHard",
            health.BacklogHard.ToString(CultureInfo.InvariantCulture),
            "at least Health:BacklogSoft");
        rules.Range("Health:FlappingTransitions", health.FlappingTransitions, 2, 1_000);
        rules.Range("Health:FlappingWindow", health.FlappingWindow, Second, Day);
    }
}
