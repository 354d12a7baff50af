using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Checks;

/// <summary>Which probes a check fails, independent of its status.</summary>
[Flags]
internal enum Fails
{
    Nothing = 0,
    Readyz = 1,
    Livez = 2,
}

/// <summary>A check's judgement at one instant.</summary>
/// <param name="Status">The raw status.</param>
/// <param name="Reason">A CamelCase code; null when ok.</param>
/// <param name="Message">For people; null when ok.</param>
/// <param name="Evidence">Sequences of the events that caused it.</param>
/// <param name="Until">Without further events the verdict is valid until then, exclusive.</param>
/// <param name="Fails">The probes that it fails, for checks that decide this themselves.</param>
internal readonly record struct Verdict(
    HealthStatus Status, string? Reason, string? Message, ImmutableArray<long> Evidence, TimeSpan Until, Fails Fails)
{
    public static Verdict Ok(TimeSpan? until = null) => new(HealthStatus.Ok, null, null, [], until ?? TimeSpan.MaxValue, Fails.Nothing);

    public static Verdict Of(HealthStatus status, string reason, string message, params ReadOnlySpan<long> evidence) =>
        new(status, reason, message, Known(evidence), TimeSpan.MaxValue, Fails.Nothing);

    /// <summary>The same verdict, valid until the earlier of its own end and <paramref name="until"/>.</summary>
    public Verdict Before(TimeSpan until) => this with { Until = until < Until ? until : Until };

    private static ImmutableArray<long> Known(ReadOnlySpan<long> evidence)
    {
        var known = ImmutableArray.CreateBuilder<long>(evidence.Length);
        foreach (var sequence in evidence)
        {
            if (sequence > 0 && !known.Contains(sequence))
            {
                known.Add(sequence);
            }
        }

        return known.ToImmutable();
    }
}
