using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Streams.Primitives;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cassini.Web.Cli.Watching;

/// <summary>A fleet on a terminal, one line for each node, redrawn on the same lines.</summary>
internal sealed class FleetScreen(IAnsiConsole console, TimeProvider time)
{
    /// <summary>So many changes are shown however small the terminal is.</summary>
    private const int LeastChanges = 3;

    private readonly Screen _screen = new(console, time);
    private volatile FleetModel? _model;

    public void Show(FleetFeedNote note) => _model = _model is { } model ? model.Apply(note) : FleetModel.Of(note);

    /// <summary>Draws until the work is done.</summary>
    public Task RunAsync(Task work) => _screen.RunAsync(height => _model is { } model ? Draw(model, height) : null, work);

    /// <summary>The picture for a terminal of so many lines.</summary>
    internal IRenderable Draw(FleetModel model, int height)
    {
        var top = new List<IRenderable> { Headline(model.Fleet) };
        top.AddRange(model.Lost.Select(lost => _screen.OneLine(lost, new Style(Color.Red))));
        top.Add(new Text(""));
        top.AddRange(model.Fleet.Nodes.Select(Node));
        top.AddRange(model.Fleet.Tombstones.Select(Tombstone));
        top.Add(Screen.Rule("changes · Ctrl-C ends"));
        var room = Math.Max(LeastChanges, height - top.Count - 1);
        top.AddRange(model.Lines.Skip(Math.Max(0, model.Lines.Count() - room)).Select(_screen.Line));
        return new Rows(top);
    }

    private static Paragraph Headline(FleetSnapshot fleet)
    {
        var line = new Paragraph { Overflow = Overflow.Ellipsis };
        var color = Screen.ColorOf(fleet.Status);
        line.Append($" {fleet.Status.ToString().ToUpperInvariant()} ", new Style(Color.Black, color, Decoration.Bold));
        if (fleet.Node.Length == 0)
        {
            return line.Append(" no node has answered yet");
        }

        var name = fleet.Fleet is { } given ? $"fleet {SafeText.Of(given, SafeText.Short)}" : "no fleet: a broker on its own";
        line.Append($" {name} ", new Style(decoration: Decoration.Bold));
        line.Append(fleet.Ready ? "ready" : "not ready", new Style(fleet.Ready ? Color.Green : Color.Red));
        return line.Append($"  {Quantity.Of(fleet.Nodes.Length, "node")}, as {SafeText.Of(fleet.Node, SafeText.Short)} says");
    }

    private Text Node(FleetNode node)
    {
        var health = node.Snapshot;
        var why = health.Reason is null ? "" : $"  {health.Reason}: {health.Message}";
        var numbers = health.Status == HealthStatus.Unknown
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $"  {(health.Ready ? "ready" : "not ready")}  sessions {health.Sessions:N0}  backlog {health.Backlog:N0}");
        return _screen.OneLine(
            $"{health.Status.ToString().ToLowerInvariant(),-9} {node.Node,-12} {node.State.ToString().ToLowerInvariant(),-8}{numbers}{why}",
            new Style(Screen.ColorOf(health.Status)));
    }

    private Text Tombstone(Tombstone gone) => _screen.OneLine(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(gone.Reason == TombstoneReason.Left ? "left" : "lost"),-9} {gone.Node,-12} {gone.LostAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z"
            + $"  {Quantity.Of(gone.Sessions, "session")} kept there"),
        new Style(gone.Reason == TombstoneReason.Left ? Color.Grey : Color.Red));
}
