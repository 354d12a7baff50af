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
    public async Task Leave_OneIdentityHasMany_TheyTakeTurns()
    {
        var turns = new WorkTurns(1);
        var (many, few) = (_accounts.Open("many"), _accounts.Open("few"));
        turns.TryEnter().ShouldBeTrue();
        List<(string Identity, Task Turn)> waiting =
        [
            .. Enumerable.Range(0, 100).Select(_ => ("many", turns.EnterAsync(many))),
            ("few", turns.EnterAsync(few)),
            ("few", turns.EnterAsync(few)),
        ];

        var order = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            turns.Leave();
            var turn = await Eventually.CompletesAsync("the next turn", Task.WhenAny(waiting.Select(piece => piece.Turn)));
            var next = waiting.Find(piece => piece.Turn == turn);
            waiting.Remove(next);
            order.Add(next.Identity);
        }

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

    [Fact]
    public async Task EnterAsync_CancelledWhileItWaits_TheOthersMoveUp()
    {
        var turns = new WorkTurns(1);
        var (one, two) = (_accounts.Open("one"), _accounts.Open("two"));
        turns.TryEnter().ShouldBeTrue();
        using var over = new CancellationTokenSource();
        var leaves = turns.EnterAsync(one, over.Token);
        var stays = turns.EnterAsync(one);
        var alone = turns.EnterAsync(two, over.Token);
        turns.Waiting.ShouldBe(3);

        await over.CancelAsync();

        turns.Waiting.ShouldBe(1);
        await Should.ThrowAsync<OperationCanceledException>(() => leaves);
        await Should.ThrowAsync<OperationCanceledException>(() => alone);
        turns.Leave();
        await Eventually.CompletesAsync("the piece that was not cancelled gets its turn", stays);
        turns.Leave();
        turns.TryEnter().ShouldBeTrue("no turn is lost");
    }

    [Fact]
    public async Task EnterAsync_CancelledBefore_TakesNoTurn()
    {
        var turns = new WorkTurns(1);

        await Should.ThrowAsync<OperationCanceledException>(
            () => turns.EnterAsync(_accounts.Open("a"), new CancellationToken(canceled: true)));

        turns.TryEnter().ShouldBeTrue();
    }

    [Fact]
    public void TryEnter_AllAreTaken_IsFalseAndWaitsForNothing()
    {
        var turns = new WorkTurns(1);

        turns.TryEnter().ShouldBeTrue();
        turns.TryEnter().ShouldBeFalse();
        turns.Waiting.ShouldBe(0);
    }

    // Turns that are granted while they are cancelled too.
    [Fact]
    public async Task EnterAsync_ManyThreadsAndRandomCancels_NeverMoreThanAllowedAndNoneIsLost()
    {
        const int AtOnce = 3;
        var turns = new WorkTurns(AtOnce);
        var (running, most, cancelled) = (0, new ConcurrentBag<int>(), 0);
        Enumerable.Range(0, AtOnce).ShouldAllBe(_ => turns.TryEnter());
        List<Task> work = [.. Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            var random = new Random(i);
            var account = _accounts.Open($"{i % 7}");
            for (var piece = 0; piece < 100; piece++)
            {
                using var over = new CancellationTokenSource();
                var turn = turns.EnterAsync(account, over.Token);
                var cancelling = random.Next(3) switch
                {
                    0 => over.CancelAsync(),
                    1 => Task.Run(over.Cancel),
                    _ => Task.CompletedTask,
                };
                try
                {
                    await turn;
                    most.Add(Interlocked.Increment(ref running));
                    await Task.Yield();
                    Interlocked.Decrement(ref running);
                    turns.Leave();
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref cancelled);
                }

                await cancelling;
            }
        }))];
        await Eventually.HoldsAsync("all wait", () => turns.Waiting == 40);
        for (var i = 0; i < AtOnce; i++)
        {
            turns.Leave();
        }

        await Eventually.CompletesAsync("all have their turns or are cancelled", Task.WhenAll(work));

        cancelled.ShouldBeGreaterThan(0);
        most.Max().ShouldBeLessThanOrEqualTo(AtOnce);
        turns.Waiting.ShouldBe(0);
        Enumerable.Range(0, AtOnce + 1).Select(_ => turns.TryEnter()).ShouldBe([true, true, true, false]);
    }

    // The pool prefers what its own threads queue for themselves: pieces that followed each other so kept all others waiting for seconds.
    [Fact]
    public async Task Pieces_OneAfterTheOther_LetOtherWorkOfThePoolThrough()
    {
        const int AtOnce = 64;
        var turns = new WorkTurns(AtOnce);
        var busy = _accounts.Open("busy");
        var isOver = false;
        var pieces = 0L;
        Enumerable.Range(0, AtOnce).ShouldAllBe(_ => turns.TryEnter());
        var chains = Enumerable.Range(0, 2 * AtOnce).Select(_ => ChainAsync()).ToList();
        Enumerable.Range(0, AtOnce).ToList().ForEach(_ => turns.Leave());
        await Eventually.HoldsAsync("they follow each other", () => Interlocked.Read(ref pieces) > 1_000);

        var waited = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            var before = Interlocked.Read(ref pieces);
            var other = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            ThreadPool.UnsafeQueueUserWorkItem(_ => other.SetResult(Interlocked.Read(ref pieces) - before), null);
            waited.Add(await other.Task);
        }

        Volatile.Write(ref isOver, true);
        await Eventually.CompletesAsync("the last pieces", Task.WhenAll(chains));
        waited.Max().ShouldBeLessThan(100 * AtOnce, string.Join(" ", waited));

        async Task ChainAsync()
        {
            while (!Volatile.Read(ref isOver))
            {
                await turns.EnterAsync(busy);
                Interlocked.Increment(ref pieces);
                turns.Leave();
            }
        }
    }
}
