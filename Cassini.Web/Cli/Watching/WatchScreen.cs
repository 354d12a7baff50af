using System.Collections.Immutable;
using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cassini.Web.Cli.Watching;

/// <summary>A broker's health on a terminal, redrawn on the same lines.</summary>
internal sealed class WatchScreen(string name, ImmutableArray<EventCategory> types, IAnsiConsole console, TimeProvider time) : IWatchView
{
    /// <summary>So many events are shown however small the terminal is.</summary>
    private const int LeastEvents = 3;

    private readonly Screen _screen = new(console, time);
    private volatile WatchModel? _model;

    public void Show(FeedNote note) => _model = _model is { } model ? model.Apply(note) : WatchModel.Of(note, types);

    /// <summary>Draws until the work is done.</summary>
    public Task RunAsync(Task work) => _screen.RunAsync(height => _model is { } model ? Draw(model, height) : null, work);

    /// <summary>The picture for a terminal of so many lines.</summary>
    internal IRenderable Draw(WatchModel model, int height)
    {
        var top = new List<IRenderable> { Headline(model) };
        top.AddRange(Numbers(model));
        top.Add(new Text(""));
        if (model.Lost is null)
        {
            top.AddRange(Checks(model.Health));
            top.AddRange(Endpoints(model.Health));
        }

        if (!model.Changes.IsEmpty)
        {
            top.Add(Screen.Rule("changes of health"));
            var shown = Math.Clamp(height - top.Count - LeastEvents - 2, 1, model.Changes.Length);
            top.AddRange(model.Changes[^shown..].Select(_screen.Line));
        }

        top.Add(Screen.Rule("events · Ctrl-C ends"));
        var room = Math.Max(LeastEvents, height - top.Count - 1);
        top.AddRange(model.Lines.Skip(Math.Max(0, model.LineCount - room)).Select(_screen.Line));
        return new Rows(top);
    }

    private Paragraph Headline(WatchModel model)
    {
        var health = model.Health;
        var line = new Paragraph { Overflow = Overflow.Ellipsis };
        var isStopped = health.Phase == Phase.Stopped;
        var (word, color) = isStopped
            ? ("STOPPED", Color.Grey)
            : (health.Status.ToString().ToUpperInvariant(), Screen.ColorOf(health.Status));
        line.Append($" {word} ", new Style(Color.Black, color, Decoration.Bold));
        var broker = health.Name is { } given ? $"{SafeText.Of(given, SafeText.Short)} at {name}" : name;
        line.Append($" {broker} ", new Style(decoration: Decoration.Bold));
        if (model.Lost is { } lost)
        {
            return line.Append(lost, new Style(isStopped ? Color.Default : Color.Red));
        }

        line.Append(health.Ready ? "ready" : "not ready", new Style(health.Ready ? Color.Green : Color.Red));
        var uptime = TimeSpan.FromSeconds(Math.Clamp(health.UptimeSeconds, 0, 1e9));
        return line.Append(string.Create(CultureInfo.InvariantCulture,
            $"  phase {health.Phase.ToString().ToLowerInvariant()}  up {(int)uptime.TotalHours}:{uptime:mm\\:ss}"
            + $"  cassini {SafeText.Of(health.Version)}  epoch {SafeText.Of(health.Epoch)}"));
    }

    private IEnumerable<Text> Numbers(WatchModel model)
    {
        var (health, load, rates) = (model.Health, model.Load, model.Rates);
        yield return _screen.OneLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"connections {health.ActiveListeners:N0}  sessions {load?.Sessions ?? 0:N0}  accepts {rates.Accepts:0.#}/s  "
                + $"backlog {health.Backlog:N0}  topics {health.Topics.Count:N0}  dropped {load?.Dropped ?? 0:N0}"),
            Style.Plain);
        yield return _screen.OneLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"in {rates.MessagesIn:N0} messages/s, {Bytes(rates.BytesIn)}/s  "
                + $"out {rates.MessagesOut:N0} messages/s, {Bytes(rates.BytesOut)}/s{ProcessOf(load)}"),
            Style.Plain);
    }

    /// <summary>What the process takes; an older Cassini does not say it.</summary>
    private static string ProcessOf(LoadSampled? load) => load?.Process is { } process
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"  memory {Bytes(process.Memory)}  cpu {100 * process.Cpu:0.#} % of {process.Cores} cores")
        : "";

    private static string Bytes(double bytes) =>
        bytes < 1_000 ? $"{bytes:0} B" : bytes < 1_000_000 ? $"{bytes / 1_000:0.0} kB" : $"{bytes / 1_000_000:0.0} MB";

    /// <summary>One line for all passing checks, and one line for each other check.</summary>
    private IEnumerable<Text> Checks(HealthSnapshot health)
    {
        var troubled = health.Checks.Where(check => check.Status is not (HealthStatus.Ok or HealthStatus.Off));
        foreach (var check in troubled.OrderByDescending(check => check.Status))
        {
            var message = SafeText.Line(check.Message ?? "");
            yield return _screen.OneLine(
                $"{check.Status.ToString().ToLowerInvariant(),-9} {check.Name,-12} {check.Reason}: {message}",
                new Style(Screen.ColorOf(check.Status)));
        }

        var well = health.Checks.Where(check => check.Status == HealthStatus.Ok).Select(check => check.Name).ToList();
        if (well.Count > 0)
        {
            yield return _screen.OneLine($"ok        {string.Join(' ', well)}", new Style(Color.Green));
        }
    }

    private IEnumerable<Text> Endpoints(HealthSnapshot health) => health.Endpoints.Select(endpoint => _screen.OneLine(
        $"{endpoint.State.ToString().ToLowerInvariant(),-9} {endpoint.Address} {endpoint.Error}",
        new Style(endpoint.State == EndpointState.Bound ? Color.Default : Color.Red)));
}
