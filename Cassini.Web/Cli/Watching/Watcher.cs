using System.Reactive.Disposables;
using System.Threading.Channels;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Watching;

/// <summary>Follows a feed until it is interrupted.</summary>
internal sealed class Watcher(CliContext context, WatchRequest request)
{
    /// <summary>How far the output may be behind the feed, in notes.</summary>
    private const int MostWaiting = 4_096;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(HealthFeedOptions options)
    {
        // A record has everything, and the screen shows numbers of the load.
        var isWhole = request.Record is not null;
        var isOnScreen = !request.Json && context.Terminal is not null;
        var categories = isWhole ? EventTypes.All : isOnScreen ? [.. request.Types, EventCategory.Load] : request.Types;
        using var feed = new HealthFeed(request.Target.Management, options with { Categories = categories });
        await using var record = request.Record is { } file ? new RecordFile(Path.Combine(context.WorkingDirectory, file)) : null;
        var recorder = record is null
            ? null
            : new Recorder(feed, record.Writer, why => context.Complain($"{request.Target.Name}: {why}"), context.Time);
        var screen = request.Json || context.Terminal is not { } terminal
            ? null
            : new WatchScreen(request.Target.Name, request.Types, terminal, context.Time);
        var following = FollowAsync(feed, recorder, screen is null ? new NoteLines(context.Out, request.Types) : screen);
        if (screen is not null)
        {
            using var over = new CancellationTokenSource();
            var drawing = screen.RunAsync(over.Token);
            await ((Task)following).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await over.CancelAsync();
            await drawing;
        }

        return await following;
    }

    private async Task<int> FollowAsync(HealthFeed feed, Recorder? recorder, IWatchView view)
    {
        try
        {
            while (true)
            {
                if (await FollowOnceAsync(feed, recorder, view) is { } exitCode)
                {
                    return exitCode;
                }

                context.Complain(
                    $"{request.Target.Name}: the output was {MostWaiting} notes behind; the feed is opened again, and events are missing");
            }
        }
        catch (OperationCanceledException) when (context.Signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>
    /// One subscription. The feed never waits for the output: when the output is too far behind, the subscription ends, and the next one
    /// begins with the whole state.
    /// </summary>
    /// <returns>The exit code; null when the output was too far behind.</returns>
    private async Task<int?> FollowOnceAsync(HealthFeed feed, Recorder? recorder, IWatchView view)
    {
        var notes = Channel.CreateBounded<FeedNote>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, SingleWriter = true });

        // Disposed first: what it feeds outlives it.
        using var subscription = new SingleAssignmentDisposable();
        subscription.Disposable = feed.Notes.Subscribe(
            note =>
            {
                if (!notes.Writer.TryWrite(note))
                {
                    subscription.Dispose();
                    notes.Writer.TryComplete();
                }
            },
            failure => notes.Writer.TryComplete(failure),
            () => notes.Writer.TryComplete());
        await foreach (var note in notes.Reader.ReadAllAsync(context.Signals.Stop))
        {
            if (!await ShowAsync(note, recorder, view))
            {
                return ExitCode.Error;
            }
        }

        return null;
    }

    /// <returns>Whether to go on.</returns>
    private async Task<bool> ShowAsync(FeedNote note, Recorder? recorder, IWatchView view)
    {
        try
        {
            // Before it is shown, because the output may end the command: what was shown can be replayed.
            await (recorder?.RecordAsync(note, context.Signals.Stop) ?? Task.CompletedTask);
        }
        catch (IOException failure)
        {
            context.Complain($"--record '{request.Record}' cannot be written: {failure.Message}");
            return false;
        }

        view.Show(note);
        if (note is FeedLost { Reason: FeedLoss.Refused } refused)
        {
            context.Complain($"{request.Target.Name}: {ManagementAccess.WithRemedy(refused.Detail, ManagementAccess.Flags)}");
            return false;
        }

        return true;
    }
}
