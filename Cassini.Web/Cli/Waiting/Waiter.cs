using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Waits on the feeds of all targets, or on that of their fleet, and shows how it goes.</summary>
internal sealed class Waiter(CliContext context, WaitRequest request)
{
    /// <exception cref="BrokerNotReadyException">The targets did not reach the wanted state.</exception>
    /// <exception cref="FleetNotReadyException">The fleet did not reach the wanted state.</exception>
    /// <exception cref="OperationCanceledException">Interrupted.</exception>
    public async Task RunAsync(HealthFeedOptions options, CancellationToken interrupted)
    {
        if (request.Json)
        {
            await WaitAsync(options, new JsonView(context.Out, context.Time), interrupted);
        }
        else if (context.Terminal is { } terminal)
        {
            var view = new LiveView(terminal, context.Time);
            var waiting = WaitAsync(options, view, interrupted);
            await view.RunAsync(waiting);
            await waiting;
        }
        else
        {
            await WaitAsync(options, new LineView(context.Out, context.Time), interrupted);
        }
    }

    private async Task WaitAsync(HealthFeedOptions options, IWaitView view, CancellationToken interrupted)
    {
        var timeout = request.Timeout == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : request.Timeout;
        try
        {
            await (request.Fleet is { } count
                ? WaitForFleetAsync(count, options, view, timeout, interrupted)
                : WaitForEachAsync(options, view, timeout, interrupted));
            view.End(request.Goal.Word());
        }
        catch (BrokerNotReadyException failure)
        {
            view.End(WordOf(failure.Cause));
            throw;
        }
        catch (FleetNotReadyException failure)
        {
            view.End(WordOf(failure.Cause));
            throw;
        }
    }

    private async Task WaitForEachAsync(HealthFeedOptions options, IWaitView view, TimeSpan timeout, CancellationToken interrupted)
    {
        var feeds = request.Targets.Select(target => new HealthFeed(target.Management, options)).ToList();
        try
        {
            await new HealthFeedGroup(feeds).WaitForAsync(
                snapshot => request.Goal.IsMet(snapshot), timeout,
                health => view.Show(WaitRow.Of(request.Goal, request.Targets, health)), interrupted);
        }
        finally
        {
            feeds.ForEach(feed => feed.Dispose());
        }
    }

    private async Task WaitForFleetAsync(
        int count, HealthFeedOptions options, IWaitView view, TimeSpan timeout, CancellationToken interrupted)
    {
        using var feed = new FleetFeed([.. request.Targets.Select(target => target.Management)], options);
        var rows = new FleetRows(request.Goal, count, request.Targets);
        await feed.WaitUntilReadyAsync(
            count, request.Goal == WaitGoal.Ok, timeout,
            note =>
            {
                if (rows.Of(note) is { } news)
                {
                    view.Show(news);
                }
            },
            interrupted);
    }

    private static string WordOf(NotReadyCause cause) => char.ToLowerInvariant(cause.ToString()[0]) + cause.ToString()[1..];
}
