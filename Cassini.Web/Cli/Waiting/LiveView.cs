using Cassini.Streams.Primitives;
using Spectre.Console;

namespace Cassini.Web.Cli.Waiting;

/// <summary>One line for each row, redrawn on the same lines, for people at a terminal.</summary>
internal sealed class LiveView(IAnsiConsole console, TimeProvider time) : IWaitView
{
    private readonly long _began = time.GetTimestamp();
    private readonly Lock _lock = new();
    private IReadOnlyList<WaitRow> _rows = [];

    public void Show(IReadOnlyList<WaitRow> rows)
    {
        lock (_lock)
        {
            _rows = rows;
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
        IReadOnlyList<WaitRow> rows;
        lock (_lock)
        {
            rows = _rows;
        }

        var spinner = Spinner.Known.Dots.Frames;
        var elapsed = time.GetElapsedTime(_began);
        var busy = spinner[(int)(elapsed.TotalMilliseconds / 100) % spinner.Count];
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumns("", "", "", "");
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var (mark, color) = row.Holds ? ("✓", Color.Green) : work.IsCompleted ? ("✗", Color.Red) : (busy, Color.Yellow);
            table.AddRow(
                new Text(mark, new Style(color)),
                new Text(row.Name, new Style(decoration: Decoration.Bold)),
                new Text(row.Text, new Style(row.Holds ? Color.Green : Color.Default)),
                new Text(i == 0 ? DurationText.Seconds(elapsed) : "", new Style(Color.Grey)));
        }

        return table;
    }
}
