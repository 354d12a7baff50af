using Cassini.Harness.Clients;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;
using Spectre.Console;

namespace Cassini.Web.Cli.Waiting;

/// <summary>One line for each target, redrawn on the same lines, for people at a terminal.</summary>
internal sealed class LiveView(WaitGoal goal, IReadOnlyList<ManagementAddress> targets, IAnsiConsole console, TimeProvider time) : IWaitView
{
    private readonly long _began = time.GetTimestamp();
    private readonly Lock _lock = new();
    private GroupHealth? _health;

    public void Show(GroupHealth health)
    {
        lock (_lock)
        {
            _health = health;
        }
    }

    public void End(string outcome)
    {
    }

    /// <summary>Draws until the work is done, and leaves the last picture.</summary>
    public async Task RunAsync(Task work)
    {
        await console.Live(Draw(work)).StartAsync(async live =>
        {
            while (!work.IsCompleted)
            {
                await work.WaitAsync(TimeSpan.FromMilliseconds(100), time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                live.UpdateTarget(Draw(work));
            }
        });
    }

    private Table Draw(Task work)
    {
        GroupHealth? health;
        lock (_lock)
        {
            health = _health;
        }

        var spinner = Spinner.Known.Dots.Frames;
        var elapsed = time.GetElapsedTime(_began);
        var busy = spinner[(int)(elapsed.TotalMilliseconds / 100) % spinner.Count];
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumns("", "", "", "");
        for (var i = 0; i < targets.Count; i++)
        {
            var line = health is null ? new NodeLine(false, "connecting") : NodeLine.Of(goal, health.Nodes[i].Snapshot);
            var (mark, color) = line.Holds ? ("✓", Color.Green) : work.IsCompleted ? ("✗", Color.Red) : (busy, Color.Yellow);
            table.AddRow(
                new Text(mark, new Style(color)),
                new Text(targets[i].Name, new Style(decoration: Decoration.Bold)),
                new Text(line.Text, new Style(line.Holds ? Color.Green : Color.Default)),
                new Text(i == 0 ? DurationText.Seconds(elapsed) : "", new Style(Color.Grey)));
        }

        return table;
    }
}
