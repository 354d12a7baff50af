using Cassini.Harness.Clients;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Writes a line whenever the state of a target changes, for logs.</summary>
internal sealed class LineView(WaitGoal goal, IReadOnlyList<ManagementAddress> targets, TextWriter output, TimeProvider time) : IWaitView
{
    private readonly long _began = time.GetTimestamp();
    private readonly string?[] _written = new string?[targets.Count];

    public void Show(GroupHealth health)
    {
        for (var i = 0; i < targets.Count; i++)
        {
            var snapshot = health.Nodes[i].Snapshot;
            var line = NodeLine.Of(goal, snapshot);
            if (line.Text == _written[i] || HealthReason.IsConnecting(snapshot))
            {
                continue;
            }

            _written[i] = line.Text;
            output.WriteLine(line.Holds
                ? $"{targets[i].Name}: {line.Text} after {DurationText.Seconds(time.GetElapsedTime(_began))}"
                : $"{targets[i].Name}: waiting: {line.Text}");
        }
    }

    public void End(string outcome)
    {
    }
}
