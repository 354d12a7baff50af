using System.Globalization;
using Spectre.Console;

namespace Cassini.Harness.Views;

/// <summary>For terminals: a bar for each producer and sink, and what happens above them.</summary>
internal sealed class BarView(IAnsiConsole console, TimeProvider time) : IRunView
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private TaskCompletionSource _end = new();
    private Task _bars = Task.CompletedTask;

    public void Say(string line) => console.MarkupLineInterpolated($"[grey]{line}[/]");

    public void Begin(TestRun run)
    {
        _end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        console.MarkupLineInterpolated($"[bold]{run.Plan.Name}[/]");
        _bars = console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(context => ShowAsync(context, run));
    }

    public async Task EndAsync()
    {
        _end.TrySetResult();
        await _bars;
    }

    private async Task ShowAsync(ProgressContext context, TestRun run)
    {
        var tasks = ProgressItem.Of(run).Select(item => context.AddTask(Markup.Escape(item.Name), maxValue: 1)).ToList();
        while (true)
        {
            var isEnd = _end.Task.IsCompleted;
            foreach (var (task, item) in tasks.Zip(ProgressItem.Of(run)))
            {
                task.Description = Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"{item.Name,-20} {item.Count,12:#,0}"));
                task.Value = item.Part;
            }

            if (isEnd)
            {
                return;
            }

            await Task.WhenAny(_end.Task, Task.Delay(Period, time));
        }
    }
}
