using System.Globalization;
using Cassini.Harness.Results;
using Spectre.Console;

namespace Cassini.Harness.Views;

/// <summary>For terminals: a bar for each publisher and subscriber, with the lines of the run above them.</summary>
internal sealed class BarView(IAnsiConsole console, TimeProvider time) : IRunView
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private TaskCompletionSource _end = new();
    private Task _bars = Task.CompletedTask;

    public event Action<IOException>? Failed;

    public void Say(string line) => Write($"[grey]{line}[/]");

    public void Begin(TestCounts test)
    {
        _end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Write($"[bold]{test.Test.Name}[/]");
        _bars = DrawAsync(test);
    }

    public async Task EndAsync()
    {
        _end.TrySetResult();
        await _bars;
    }

    /// <summary>
    /// Draws until the end of the test. It refreshes the bars itself: a failed write on the library's own refresh thread would end the
    /// process.
    /// </summary>
    private async Task DrawAsync(TestCounts test)
    {
        try
        {
            await console.Progress()
                .AutoRefresh(false)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
                .StartAsync(context => ShowAsync(context, test));
        }
        catch (IOException failure)
        {
            Failed?.Invoke(failure);
        }
    }

    private void Write(FormattableString line)
    {
        try
        {
            console.MarkupLineInterpolated(line);
        }
        catch (IOException failure)
        {
            Failed?.Invoke(failure);
        }
    }

    private async Task ShowAsync(ProgressContext context, TestCounts test)
    {
        var tasks = ProgressItem.Of(test).Select(item => context.AddTask(Markup.Escape(item.Name), maxValue: 1)).ToList();
        while (true)
        {
            var isEnd = _end.Task.IsCompleted;
            foreach (var (task, item) in tasks.Zip(ProgressItem.Of(test)))
            {
                task.Description = Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"{item.Name,-20} {item.Count,12:#,0}"));
                task.Value = item.Part;
            }

            context.Refresh();
            if (isEnd)
            {
                return;
            }

            await Task.WhenAny(_end.Task, Task.Delay(Period, time));
        }
    }
}
