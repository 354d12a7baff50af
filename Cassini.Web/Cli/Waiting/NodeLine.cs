using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Waiting;

/// <summary>What there is to say of one target.</summary>
/// <param name="Holds">Whether what is waited for is so.</param>
/// <param name="Text">That, or the reason why not.</param>
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
