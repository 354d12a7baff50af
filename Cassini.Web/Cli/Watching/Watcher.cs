using Cassini.Streams.Feed;

namespace Cassini.Web.Cli.Watching;

/// <summary>Follows a feed until it is interrupted.</summary>
internal sealed class Watcher(CliContext context, WatchRequest request)
{
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(HealthFeedOptions options)
    {
        using var feed = new HealthFeed(request.Target.Management, options);
        var ended = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var screen = request.Json || context.Terminal is not { } terminal ? null : new WatchScreen(request.Target.Name, terminal, context.Time);
        IWatchView view = screen is null ? new NoteLines(context.Out) : screen;

        // Subscribed last, and disposed first: what it feeds outlives it.
        using var subscription = feed.Notes.Subscribe(
            note =>
            {
                view.Show(note);
                if (note is FeedLost { Reason: FeedLoss.Refused } refused)
                {
                    context.Complain($"{request.Target.Name}: {refused.Detail}");
                    ended.TrySetResult(ExitCode.Error);
                }
            },
            failure => ended.TrySetException(failure));
        using var interrupt = context.Signals.Stop.UnsafeRegister(_ => ended.TrySetResult(ExitCode.Interrupted), null);
        if (screen is not null)
        {
            using var over = new CancellationTokenSource();
            var drawing = screen.RunAsync(over.Token);
            await ((Task)ended.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await over.CancelAsync();
            await drawing;
        }

        return await ended.Task;
    }
}
