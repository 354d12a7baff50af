using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Waiting;

/// <summary>What is known of one thing that is waited for: a broker, or a node of a fleet.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Holds">Whether it is in the wanted state.</param>
/// <param name="Text">The state, or the reason why it is not in it.</param>
/// <param name="Reason">What is wrong with it, also when it is in the wanted state.</param>
internal sealed record WaitRow(string Name, bool Holds, string Text, string Reason)
{
    /// <summary>Its status.</summary>
    public HealthStatus Status { get; init; } = HealthStatus.Unknown;

    /// <summary>Whether it serves new clients.</summary>
    public bool Ready { get; init; }

    /// <summary>Whether its process need not be restarted; null when that is not known.</summary>
    public bool? Live { get; init; }

    /// <summary>Its phase; null when it was never reached.</summary>
    public Phase? Phase { get; init; }

    /// <summary>Whether the first attempt to reach it is in progress, so that there is nothing to say yet.</summary>
    public bool IsConnecting { get; init; }

    /// <summary>The brokers that are waited for.</summary>
    public static IReadOnlyList<WaitRow> Of(WaitGoal goal, IReadOnlyList<ManagementAddress> targets, GroupHealth health) =>
        [.. targets.Zip(health.Nodes, (target, node) => Of(goal, target.Name, node.Snapshot))];

    private static WaitRow Of(WaitGoal goal, string name, HealthSnapshot snapshot)
    {
        var (holds, word, reason) = (goal.IsMet(snapshot), goal.Word(), HealthReason.Of(snapshot));
        var isUnheard = snapshot.Epoch.Length == 0 || HealthReason.IsLost(snapshot);
        return new WaitRow(name, holds, holds ? word : isUnheard ? reason : $"not {word}: {reason}", reason)
        {
            Status = snapshot.Status,
            Ready = snapshot.Ready,
            Live = snapshot.Live,
            Phase = snapshot.Epoch.Length > 0 ? snapshot.Phase : null,
            IsConnecting = HealthReason.IsConnecting(snapshot),
        };
    }
}
