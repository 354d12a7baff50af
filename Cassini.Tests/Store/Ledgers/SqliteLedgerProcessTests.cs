using System.Globalization;
using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>Another process has the ledger, and is killed.</summary>
public sealed class SqliteLedgerProcessTests : IDisposable
{
    private const int Kill = 9;
    private const int Kills = 12;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Open_AnotherProcessHasIt_NamesItUntilItIsKilled()
    {
        var store = _directory.File("store");
        await using var child = AppendingProcess.Start(store);
        var process = await child.Out.LineAsync("it has begun", line => line.StartsWith("process ", StringComparison.Ordinal));
        await child.Out.LineAsync("it has appended", line => line == "1");
        await using var ledger = LedgerRig.Create(store);
        var refused = await Should.ThrowAsync<LedgerInUseException>(ledger.OpenAsync());
        refused.Message.ShouldContain($"{store} is in use by {process}, since 20");
        child.Signal(Kill);
        await child.ExitCodeAsync("it is killed");
        (await ledger.OpenAsync()).Last.ShouldBeGreaterThanOrEqualTo(1);
    }

    /// <summary>Again and again on the same files, at moments that differ: every group that was reported is there.</summary>
    [Fact]
    public async Task Open_AfterKills_HasEveryGroupThatWasReported()
    {
        var store = _directory.File("store");
        var random = new Random();
        var last = 0L;
        for (var kill = 0; kill < Kills; kill++)
        {
            await using (var child = AppendingProcess.Start(store))
            {
                var enough = last + random.Next(1, 1500);
                await child.Out.LineAsync("it appends", line => long.TryParse(line, out var number) && number >= enough);
                child.Signal(Kill);
                await child.ExitCodeAsync("it is killed");
                last = child.Out.Lines.Max(line => long.TryParse(line, CultureInfo.InvariantCulture, out var number) ? number : 0);
            }

            await using var ledger = LedgerRig.Create(AppendingProcess.Options(store));
            var extent = await ledger.OpenAsync();
            extent.IsSealed.ShouldBeFalse();
            extent.Last.ShouldBeGreaterThanOrEqualTo(last);
            (await ledger.GroupsAsync()).ShouldBeSamples(extent.First, extent.Last);
            last = extent.Last;
        }
    }
}
