namespace Cassini.Tests.Cluster;

/// <summary>
/// The clients of a fleet whose time goes on. Sessions move on the thread pool: whenever the clock has moved, that is waited for, as far as
/// can be seen, and the clients read.
/// </summary>
/// <param name="fleet">The fleet.</param>
internal sealed class RoamingClients(SimulatedFleet fleet)
{
    /// <summary>
    /// So often in a row nothing may have been seen to go on: the thread of something that does may have to wait for a processor meanwhile.
    /// </summary>
    private const int CalmRounds = 12;

    public List<RoamingClient> All { get; } = [];

    /// <summary>Any one of them.</summary>
    public RoamingClient Any() => All[fleet.Random.Next(All.Count)];

    /// <summary>Connects all to any nodes, and has each subscribe.</summary>
    public async Task ConnectAsync(string filter)
    {
        foreach (var client in All)
        {
            await client.ConnectAsync(fleet.Any());
            await AdvanceUntilAsync($"{client.Id} is connected", () => client.IsConnected);
            await client.SubscribeAsync(filter);
            await AdvanceUntilAsync($"{client.Id} has subscribed", () => client.IsSubscribed);
        }
    }

    /// <summary>Time passes, a little at once.</summary>
    public async Task AdvanceAsync(TimeSpan time)
    {
        var until = fleet.Clock.Elapsed + time;
        while (fleet.Clock.Elapsed < until)
        {
            var next = fleet.Clock.Elapsed + TimeSpan.FromMilliseconds(fleet.Random.Next(5, 50));
            fleet.Clock.AdvanceTo(next < until ? next : until);
            await SettleAsync();
            foreach (var client in All)
            {
                await client.ReadAsync();
            }
        }
    }

    /// <summary>Time passes, also for work on the pool when the machine has other work, or much is done for the first time.</summary>
    public async Task AdvanceWellAsync(TimeSpan time)
    {
        await AdvanceAsync(time);
        for (var i = 0; i < 20; i++)
        {
            await SettleAsync();
        }
    }

    public async Task EndAsync()
    {
        foreach (var client in All)
        {
            await client.EndAsync();
        }
    }

    private async Task AdvanceUntilAsync(string what, Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            i.ShouldBeLessThan(1_500, fleet.Said(what));
            await AdvanceWellAsync(TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>Waits until the pool has done what has become due, as far as can be seen.</summary>
    private async Task SettleAsync()
    {
        for (var (calm, i) = (0, 0); calm < CalmRounds || (i < 1_000 && !All.TrueForAll(client => client.IsQuiet)); i++)
        {
            var before = (fleet.Engine.Sent, fleet.Clock.Time.ArmedTimers);
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ThreadPool.UnsafeQueueUserWorkItem(static done => done.SetResult(), done, preferLocal: false);
            await done.Task;
            calm = before == (fleet.Engine.Sent, fleet.Clock.Time.ArmedTimers) ? calm + 1 : 0;
        }
    }
}
