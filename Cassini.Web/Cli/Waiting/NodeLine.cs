using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Waiting;

/// <summary>The line about one target.</summary>
/// <param name="Holds">Whether the target is in the wanted state.</param>
/// <param name="Text">The state, or the reason why the target is not in it.</param>
internal sealed record NodeLine(bool Holds, string Text)
{
    public static NodeLine Of(WaitGoal goal, HealthSnapshot snapshot)
    {
        var word = goal.ToString().ToLowerInvariant();
        return goal.IsMet(snapshot) ? new NodeLine(true, word)
            : snapshot.Epoch.Length == 0 || HealthReason.IsLost(snapshot) ? new NodeLine(false, HealthReason.Of(snapshot))
            : new NodeLine(false, $"not {word}: {HealthReason.Of(snapshot)}");
    }
}
