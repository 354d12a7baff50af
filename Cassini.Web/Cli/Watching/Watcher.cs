using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Watching;

/// <summary>Follows a feed until it is interrupted.</summary>
internal sealed class Watcher(CliContext context, WatchRequest request)
{
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
        IWatchView view = screen is null ? new NoteLines(context.Out, request.Types) : screen;
        var pump = new NotePump<FeedNote>(context, request.Target.Name, feed.Notes, note => ShowAsync(note, recorder, view));
        var following = pump.RunAsync();
        if (screen is not null)
        {
            await screen.RunAsync(following);
        }

        return await following;
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
