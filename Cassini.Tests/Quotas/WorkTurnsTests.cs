using System.Collections.Concurrent;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Quotas;

public class WorkTurnsTests
{
    private readonly AccountTable _accounts = new(new QuotaOptions());

    [Fact]
    public void EnterAsync_PlacesAreFree_IsAtOnce()
    {
        var turns = new WorkTurns(2);

        turns.EnterAsync(_accounts.Open("a")).IsCompleted.ShouldBeTrue();
        turns.EnterAsync(_accounts.Open("a")).IsCompleted.ShouldBeTrue();
        turns.EnterAsync(_accounts.Open("b")).IsCompleted.ShouldBeFalse();
    }

    // However many pieces one identity has: the other one's is next but one.
    [Fact]
    public void Leave_OneIdentityHasMany_TheyTakeTurns()
    {
        var turns = new WorkTurns(1);
        var (many, few) = (_accounts.Open("many"), _accounts.Open("few"));
        turns.EnterAsync(many);
        List<(string Identity, Task Turn)> waiting =
        [
            .. Enumerable.Range(0, 100).Select(_ => ("many", turns.EnterAsync(many))),
            ("few", turns.EnterAsync(few)),
            ("few", turns.EnterAsync(few)),
        ];

        var order = Enumerable.Range(0, 6).Select(_ =>
        {
            turns.Leave();
            var next = waiting.Find(piece => piece.Turn.IsCompleted);
            waiting.Remove(next);
            return next.Identity;
        });

        order.ShouldBe(["many", "few", "many", "few", "many", "many"]);
        turns.Waiting.ShouldBe(102 - 6);
    }

    [Fact]
    public async Task EnterAsync_ManyThreads_NeverMoreThanAllowedAndAllGetTheirTurn()
    {
        const int AtOnce = 3;
        var turns = new WorkTurns(AtOnce);
        var (running, most, done) = (0, new ConcurrentBag<int>(), 0);
        var work = Enumerable.Range(0, 50).Select(i => Task.Run(async () =>
        {
            var account = _accounts.Open($"{i % 7}");
            for (var piece = 0; piece < 100; piece++)
            {
                await turns.EnterAsync(account);
                most.Add(Interlocked.Increment(ref running));
                Interlocked.Increment(ref done);
                Interlocked.Decrement(ref running);
                turns.Leave();
            }
        }));

        await Eventually.CompletesAsync("all have their turns", Task.WhenAll(work));

        done.ShouldBe(5_000);
        most.Max().ShouldBeLessThanOrEqualTo(AtOnce);
        turns.EnterAsync(_accounts.Open("a")).IsCompleted.ShouldBeTrue();
    }
}
