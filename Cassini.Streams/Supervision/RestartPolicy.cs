using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Supervision;

/// <summary>When a crashed component is started again, and when the supervisor gives up.</summary>
public sealed record RestartPolicy : IOptionsRecord
{
    /// <summary>The defaults.</summary>
    public static readonly RestartPolicy Default = new();

    /// <summary>Delay after the first crash within <see cref="Window"/>.</summary>
    [Within("1ms", "1h")]
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay.</summary>
    [Within("1ms", "1h")]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>By how much the delay grows with each further crash within <see cref="Window"/>.</summary>
    [Within(1, 100)]
    public double Factor { get; init; } = 2;

    /// <summary>With this many crashes within <see cref="Window"/> the supervisor gives up.</summary>
    [Within(1, 10_000)]
    public int MaxCrashes { get; init; } = 5;

    /// <summary>How long a crash counts. After a run that was longer, counting begins anew.</summary>
    [Within("1s", "1d")]
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a run that was failed from outside may take to end before it is abandoned.</summary>
    [Within("1ms", "1h")]
    public TimeSpan AbandonAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The delay after crash number <paramref name="attempt"/> (from 1) within the window.</summary>
    internal TimeSpan DelayAfter(int attempt) => BackOff.After(attempt, InitialDelay, MaxDelay, Factor);
}
