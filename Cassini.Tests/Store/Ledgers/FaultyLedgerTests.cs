using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

public sealed class FaultyLedgerTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Append_Full_GoesOnAfterwards()
    {
        await using var ledger = await OpenAsync(LedgerFault.Full);
        await Should.ThrowAsync<LedgerFullException>(async () => await ledger.AppendAsync(2, SampleGroups.Of(2)));
        await ledger.AppendAsync(2, SampleGroups.Of(2));
        (await ledger.GroupsAsync()).ShouldBeSamples(1, 2);
    }

    [Theory]
    [InlineData(LedgerFault.Write, 1)]
    [InlineData(LedgerFault.Flush, 2)]
    internal async Task Append_Fails_IsKnownAfterItIsOpenedAgain(LedgerFault fault, long last)
    {
        await using var ledger = await OpenAsync(fault);
        (await Should.ThrowAsync<IOException>(async () => await ledger.AppendAsync(2, SampleGroups.Of(2))))
            .ShouldNotBeAssignableTo<LedgerFullException>();
        await Should.ThrowAsync<IOException>(async () => await ledger.AppendAsync(2, SampleGroups.Of(2)));
        await ledger.DisposeAsync();
        (await ledger.OpenAsync()).Last.ShouldBe(last);
        await ledger.AppendAsync(last + 1, SampleGroups.Of(last + 1));
    }

    /// <summary>An open one whose second append, and no other, has the fault.</summary>
    private async Task<FaultyLedger> OpenAsync(LedgerFault fault)
    {
        var ledger = new FaultyLedger(LedgerRig.Create(_directory.Path));
        await ledger.OpenAsync();
        await ledger.AppendAsync(1, SampleGroups.Of(1));
        ledger.OnAppend = _ =>
        {
            ledger.OnAppend = static _ => new(LedgerFault.None);
            return new(fault);
        };
        return ledger;
    }
}
