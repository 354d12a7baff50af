using Cassini.Harness.Clients;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Watching;

/// <summary>Follows a whole fleet by any of its nodes until it is interrupted.</summary>
internal sealed class FleetWatcher(CliContext context, IReadOnlyList<ManagementAddress> targets, bool json)
{
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(HealthFeedOptions options)
    {
        using var feed = new FleetFeed([.. targets.Select(target => target.Management)], options);
        var screen = json || context.Terminal is not { } terminal ? null : new FleetScreen(terminal, context.Time);
        var lines = new FleetNoteLines(context.Out);
        Action<FleetFeedNote> show = screen is null ? lines.Show : screen.Show;
        var following = new NotePump<FleetFeedNote>(
            context, string.Join(", ", targets.Select(target => target.Name)), feed.Notes, note => Task.FromResult(Show(note, show)))
            .RunAsync();
        if (screen is not null)
        {
            await screen.RunAsync(following);
        }

        return await following;
    }

    /// <returns>Whether to go on: not when every address refuses the credentials.</returns>
    private bool Show(FleetFeedNote note, Action<FleetFeedNote> show)
    {
        show(note);
        if (note is not FleetLost { All: var all } || all.Length < targets.Count || all.Any(loss => loss.Reason != FeedLoss.Refused))
        {
            return true;
        }

        context.Complain(ManagementAccess.WithRemedy(string.Join("; ", all), ManagementAccess.Flags));
        return false;
    }
}
