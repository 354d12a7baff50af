using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cassini.Web.Cli.Watching;

/// <summary>A terminal that is redrawn on the same lines.</summary>
internal sealed class Screen(IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Color ColorOf(HealthStatus status) => status switch
    {
        HealthStatus.Ok => Color.Green,
        HealthStatus.Degraded => Color.Yellow,
        HealthStatus.Off => Color.Grey,
        _ => Color.Red,
    };

    public static Rule Rule(string title) => new(title) { Justification = Justify.Left, Style = new Style(Color.Grey) };

    /// <summary>Draws until the work is done.</summary>
    /// <param name="draw">Makes the picture for a terminal of so many lines; null when there is nothing to show yet.</param>
    /// <param name="work">What is shown.</param>
    public async Task RunAsync(Func<int, IRenderable?> draw, Task work)
    {
        await console.Live(new Text("")).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
        {
            while (!work.IsCompleted)
            {
                if (draw(console.Profile.Height) is { } picture)
                {
                    live.UpdateTarget(picture);
                }

                await work.WaitAsync(Pause, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });
    }

    public Text Line(WatchLine line)
    {
        var color = line.Kind switch
        {
            LineKind.Good => Color.Green,
            LineKind.Notable => Color.Yellow,
            LineKind.Bad => Color.Red,
            _ => Color.Default,
        };
        var time = line.Time?.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "            ";
        return OneLine($"{time}  {line.Name,-18} {line.Text}", new Style(color));
    }

    /// <summary>
    /// Cut to the terminal's width: a line that wraps would push the newest off the screen. Safe, because a feed may come from anywhere.
    /// </summary>
    public Text OneLine(string foreign, Style style)
    {
        var text = SafeText.Line(foreign);
        var width = console.Profile.Width - 1;
        return new Text(SafeText.Cut(text, Math.Max(2, width)), style);
    }
}
