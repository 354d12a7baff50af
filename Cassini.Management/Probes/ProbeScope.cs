using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Management.Probes;

/// <summary>A probe as one caller asks for it.</summary>
/// <param name="Probe">The probe.</param>
/// <param name="Only">The one check that is asked for; null for all.</param>
/// <param name="Excluded">Names of checks to leave out; names of no check are allowed, and produce a warning.</param>
internal sealed record ProbeScope(Probe Probe, string? Only, IReadOnlyList<string> Excluded)
{
    /// <summary>Whether the checks that are asked for let the probe pass.</summary>
    public bool Passes(HealthSnapshot snapshot)
    {
        if (Only is null && Excluded.Count == 0)
        {
            return Probe.PassedBy(snapshot);
        }

        foreach (var check in snapshot.Checks)
        {
            if (Covers(check) && !Excludes(check) && Probe.FailedBy(check))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the probe looks at this check, and the caller asks for it.</summary>
    public bool Covers(CheckHealth check) => Probe.LooksAt(check) && (Only is null || IsNamed(check, Only));

    public bool Excludes(CheckHealth check)
    {
        foreach (var name in Excluded)
        {
            if (IsNamed(check, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The excluded names that name no check of the probe.</summary>
    public IReadOnlyList<string> UnknownExclusions(HealthSnapshot snapshot) =>
        [.. Excluded.Where(name => !snapshot.Checks.Any(check => Probe.LooksAt(check) && IsNamed(check, name))).Distinct()];

    /// <summary>The snapshot's status as it would be without the excluded checks.</summary>
    public HealthStatus StatusOf(HealthSnapshot snapshot)
    {
        if (Excluded.Count == 0)
        {
            return snapshot.Status;
        }

        var worst = HealthStatus.Ok;
        foreach (var check in snapshot.Checks)
        {
            if (check.Status > worst && !Excludes(check))
            {
                worst = check.Status;
            }
        }

        return worst == HealthStatus.Unknown ? HealthStatus.Error : worst;
    }

    // Paths ignore case, so the names in them do too.
    private static bool IsNamed(CheckHealth check, string name) => check.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
