using Cassini.Streams.Feed;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Waits on the feeds of all targets, and shows how it goes.</summary>
internal sealed class Waiter(CliContext context, WaitRequest request)
{
    /// <exception cref="BrokerNotReadyException">The targets did not reach the wanted state.</exception>
    /// <exception cref="OperationCanceledException">Interrupted.</exception>
    public async Task RunAsync(HealthFeedOptions options, CancellationToken interrupted)
    {
        var feeds = request.Targets.Select(target => new HealthFeed(target.Management, options)).ToList();
        try
        {
            if (request.Json)
            {
                await WaitAsync(feeds, new JsonView(request.Goal, request.Targets, context.Out, context.Time), interrupted);
            }
            else if (context.Terminal is { } terminal)
            {
                var view = new LiveView(request.Goal, request.Targets, terminal, context.Time);
                var waiting = WaitAsync(feeds, view, interrupted);
                await view.RunAsync(waiting);
                await waiting;
            }
            else
            {
                await WaitAsync(feeds, new LineView(request.Goal, request.Targets, context.Out, context.Time), interrupted);
            }
        }
        finally
        {
            feeds.ForEach(feed => feed.Dispose());
        }
    }

    private async Task WaitAsync(IReadOnlyList<HealthFeed> feeds, IWaitView view, CancellationToken interrupted)
    {
        var timeout = request.Timeout == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : request.Timeout;
        try
        {
            await new HealthFeedGroup(feeds).WaitForAsync(snapshot => request.Goal.IsMet(snapshot), timeout, view.Show, interrupted);
            view.End(request.Goal.ToString().ToLowerInvariant());
        }
        catch (BrokerNotReadyException failure)
        {
            view.End(char.ToLowerInvariant(failure.Cause.ToString()[0]) + failure.Cause.ToString()[1..]);
            throw;
        }
    }
}
