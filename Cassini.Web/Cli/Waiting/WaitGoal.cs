using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Waiting;

/// <summary>The state that a wait waits for.</summary>
internal enum WaitGoal
{
    /// <summary>New clients can be served: what /readyz says.</summary>
    Ready,

    /// <summary>The process still works and needs no restart: what /livez says.</summary>
    Live,

    /// <summary>Nothing at all is wrong, and it is ready: not merely degraded.</summary>
    Ok,
}

/// <summary>When a goal is reached, and how it is called.</summary>
internal static class WaitGoals
{
    public static string Word(this WaitGoal goal) => goal.ToString().ToLowerInvariant();

    public static bool IsMet(this WaitGoal goal, HealthSnapshot snapshot) => goal switch
    {
        WaitGoal.Ready => snapshot.Ready,
        WaitGoal.Live => snapshot.Live,
        _ => snapshot.Status == HealthStatus.Ok && snapshot.Ready,
    };
}
