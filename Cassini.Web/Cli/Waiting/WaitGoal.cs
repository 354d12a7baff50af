namespace Cassini.Web.Cli.Waiting;

/// <summary>What a wait is for.</summary>
internal enum WaitGoal
{
    /// <summary>New clients can be served: /readyz.</summary>
    Ready,

    /// <summary>The process is worth keeping: /livez.</summary>
    Live,

    /// <summary>Nothing at all is wrong: /healthz, and not merely degraded.</summary>
    Ok,
}
