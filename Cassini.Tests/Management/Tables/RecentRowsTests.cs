using Cassini.Management.Tables;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Management.Tables;

/// <summary>How often the rows of a table are taken.</summary>
public sealed class RecentRowsTests : IDisposable
{
    private static readonly IComparer<int> Ascending = Comparer<int>.Default;
    private static readonly RowTable<int> Table = new([("number", Ascending)], (row, search) => $"{row}" == search, null);

    private readonly VirtualClock _clock = new();
    private readonly RecentRows<int> _rows;
    private TimeSpan _work = TimeSpan.FromMilliseconds(100);
    private int _taken;
    private int _count = 100_000;

    public RecentRowsTests() => _rows = new RecentRows<int>(Table, Take, _clock.Time);

    public void Dispose() => _rows.Dispose();

    [Fact]
    public async Task Select_ManyRowsAndManyWhoAsk_TakesThemOnceASecond()
    {
        for (var asked = 0; asked < 100; asked++)
        {
            await SelectAsync();
            await SelectAsync(offset: 3);
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(50));
        }

        // Within five seconds, and a tenth of one for each time.
        _taken.ShouldBe(5);
    }

    /// <summary>A table of some rows is always of now.</summary>
    [Fact]
    public async Task Select_FewRows_AreThoseOfNow()
    {
        _count = 100;
        (await SelectAsync()).Matching.ShouldBe(100);
        _count = 7;

        (await SelectAsync()).Matching.ShouldBe(7);
    }

    /// <summary>The more there are, the longer they are shown.</summary>
    [Fact]
    public async Task Select_TenThousandRows_AreShownForHalfASecond()
    {
        _count = 10_100;
        await SelectAsync();
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(499));
        await SelectAsync();
        _taken.ShouldBe(1);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(1));

        await SelectAsync();

        _taken.ShouldBe(2);
    }

    [Fact]
    public async Task Select_OfAMomentAgo_SaysHowOldItIs()
    {
        (await SelectAsync()).Age.ShouldBe(TimeSpan.FromMilliseconds(100));
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(300));

        (await SelectAsync()).Age.ShouldBe(TimeSpan.FromMilliseconds(400));
    }

    [Fact]
    public async Task Select_PageByPage_GivesEachRowOnceInOrder()
    {
        _count = 1_000;
        List<int> all = [.. (await SelectAsync(limit: 100)).Rows];
        all.AddRange((await SelectAsync(offset: 100, limit: 300)).Rows);
        all.AddRange((await SelectAsync(offset: 400, limit: 700)).Rows);

        all.ShouldBe(Enumerable.Range(0, 1_000));
        (await SelectAsync(search: "7")).Rows.ShouldBe([7]);
        _taken.ShouldBe(1);
    }

    [Fact]
    public async Task Select_RowsThatCannotBeTaken_AreTakenForTheNextOne()
    {
        _work = TimeSpan.MinValue;
        await Should.ThrowAsync<InvalidOperationException>(async () => await SelectAsync());
        _work = TimeSpan.Zero;

        (await SelectAsync()).Matching.ShouldBe(100_000);
    }

    /// <summary>One takes them, and the others wait for that one.</summary>
    [Fact]
    public async Task Select_AllAtOnce_TakesThemOnce()
    {
        var asking = Enumerable.Range(0, 50).Select(_ => Task.Run(() => SelectAsync(), TestContext.Current.CancellationToken));

        await Eventually.CompletesAsync("all have them", Task.WhenAll(asking));

        _taken.ShouldBe(1);
    }

    private Task<RowPage<int>> SelectAsync(int offset = 0, int limit = 10, string? search = null) => _rows
        .SelectAsync(new TableQuery<int>(search, Ascending, false, offset, limit), TestContext.Current.CancellationToken).AsTask();

    private List<int> Take()
    {
        if (_work < TimeSpan.Zero)
        {
            throw new InvalidOperationException("not now");
        }

        _taken++;
        _clock.AdvanceBy(_work);
        return [.. Enumerable.Range(0, _count).Reverse()];
    }
}
