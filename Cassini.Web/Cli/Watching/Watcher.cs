using Cassini.Harness;
using Cassini.Streams.Feed;
using Cassini.Streams.Health.Records;
using Cassini.Web.Cli.Following;

namespace Cassini.Web.Cli.Watching;

/// <summary>Follows a feed until it is interrupted.</summary>
internal sealed class Watcher(CliContext context, WatchRequest request)
{
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(HealthFeedOptions options)
    {
        using var feed = new HealthFeed(request.Target.Management, options);
        await using var record = request.Record is { } file ? Create(Path.Combine(context.WorkingDirectory, file)) : null;
        var recorder = record is null ? null : new Recorder(feed, record, why => context.Complain($"{request.Target.Name}: {why}"), context.Time);
        var ended = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var screen = request.Json || context.Terminal is not { } terminal ? null : new WatchScreen(request.Target.Name, terminal, context.Time);
        IWatchView view = screen is null ? new NoteLines(context.Out) : screen;

        // Subscribed last, and disposed first: what it feeds outlives it.
        using var subscription = feed.Notes.Subscribe(
            note =>
            {
                try
                {
                    view.Show(note);
                }
                catch (IOException failure)
                {
                    context.Complain($"standard output cannot be written: {failure.Message}");
                    ended.TrySetResult(ExitCode.Error);
                }

                try
                {
                    // On the feed's own thread: a disk that is slow slows the feed, and the broker says so if it is too slow.
                    recorder?.RecordAsync(note, context.Signals.Stop).GetAwaiter().GetResult();
                }
                catch (IOException failure)
                {
                    context.Complain($"--record '{request.Record}' cannot be written: {failure.Message}");
                    ended.TrySetResult(ExitCode.Error);
                }
                catch (OperationCanceledException)
                {
                    // Interrupted.
                }

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

    private static HealthRecordWriter Create(string path)
    {
        try
        {
            return new HealthRecordWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FeedAccessException($"--record '{path}' cannot be made: {failure.Message}");
        }
    }
}
