using Cassini.Streams.Events;
using Cassini.Streams.Quotas;

namespace Cassini.Tests.Quotas;

public class SharedResourceTests
{
    private const CapacityResource Resource = CapacityResource.Sessions;

    [Fact]
    public void TryTake_OneIdentity_GetsItsShare()
    {
        var (accounts, resource) = Make(limit: 1_000, "25%");

        TakeAll(resource, accounts.Open("a")).ShouldBe(250);
        resource.TryTake(accounts.Open("a"), 1).ShouldBe(QuotaVerdict.OverQuota);
        resource.Used.ShouldBe(250);
        accounts.OverQuota(Resource).ShouldBe(2, "the one that ended it, and this one");
        accounts.LimitOf(Resource).ShouldBe(1_000);
    }

    // The one that has most is refused first: some is left for each that comes.
    [Fact]
    public void TryTake_ManyWantAll_EachGetsLessAndSomeIsLeft()
    {
        var (accounts, resource) = Make(limit: 1_000, "25%");

        var taken = Enumerable.Range(0, 10).Select(i => TakeAll(resource, accounts.Open($"{i}"))).ToList();

        taken.ShouldBe([250, 250, 250, 125, 63, 31, 16, 8, 4, 2]);
        resource.TryTake(accounts.Open("newcomer"), 1).ShouldBe(QuotaVerdict.Taken);
    }

    // What a store kept of an earlier run is nobody's yet: an identity that holds less is not the reason.
    [Fact]
    public void Use_TheBrokerHoldsMost_NamesNobody()
    {
        var (accounts, resource) = Make(limit: 100, "100%");
        resource.Take(accounts.OfBroker, 60, 60);
        resource.Use.ShouldBe(new ResourceUse(60, 100, null, 0), "there is no identity yet");
        resource.Return(accounts.OfBroker, 20, 20);

        var (a, b) = (accounts.Open("a"), accounts.Open("b"));
        resource.Take(a, 30, 30);
        resource.Take(b, 10, 10);
        resource.Use.ShouldBe(new ResourceUse(80, 100, null, 0));

        resource.Take(b, 31, 31);

        resource.Use.ShouldBe(new ResourceUse(111, 100, "b", 41));
    }

    [Fact]
    public void TryTake_TheLastOne_IsForAnyoneWhoHasNothing()
    {
        var (accounts, resource) = Make(limit: 3, "34%");

        Enumerable.Range(0, 3).ShouldAllBe(i => resource.TryTake(accounts.Open($"{i}"), 1) == QuotaVerdict.Taken);
        resource.TryTake(accounts.Open("late"), 1).ShouldBe(QuotaVerdict.Exhausted);
        resource.Used.ShouldBe(3);
    }

    [Fact]
    public void TryTake_AllIsItsShare_NothingIsKeptForOthers()
    {
        var (accounts, resource) = Make(limit: 10, "10%", "gateway all=100%");

        TakeAll(resource, accounts.Open("gateway")).ShouldBe(10);
    }

    [Fact]
    public void Use_HalfIsInUse_NamesTheIdentityThatHasMost()
    {
        var (accounts, resource) = Make(limit: 10, "40%");
        TakeAll(resource, accounts.Open("a"));
        resource.Use.ShouldBe(new ResourceUse(4, 10));

        resource.TryTake(accounts.Open("b"), 2);

        resource.Use.ShouldBe(new ResourceUse(6, 10, "a", 4));
    }

    // To the last byte, whatever was refused in between.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Return_FromManyThreads_LeavesNothing(int seed)
    {
        var (accounts, resource) = Make(limit: 10_000, "30%");
        var work = Enumerable.Range(0, 4).Select(i => Task.Run(() =>
        {
            var random = new Random((seed * 100) + i);
            var held = new List<(Account Account, long Amount)>();
            for (var step = 0; step < 10_000; step++)
            {
                var account = accounts.Open($"{random.Next(5)}");
                var amount = random.Next(1, 500);
                if (resource.TryTake(account, amount) == QuotaVerdict.Taken)
                {
                    held.Add((account, amount));
                }
                else
                {
                    accounts.Close(account);
                }

                if (held.Count > random.Next(40))
                {
                    GiveBack(accounts, resource, held);
                }
            }

            GiveBack(accounts, resource, held);
        }));

        await Task.WhenAll(work);

        resource.Used.ShouldBe(0);
        accounts.All.ShouldBeEmpty();
    }

    private static void GiveBack(AccountTable accounts, SharedResource resource, List<(Account Account, long Amount)> held)
    {
        foreach (var (account, amount) in held)
        {
            resource.Return(account, amount, amount);
            accounts.Close(account);
        }

        held.Clear();
    }

    private static int TakeAll(SharedResource resource, Account account)
    {
        var taken = 0;
        while (resource.TryTake(account, 1) == QuotaVerdict.Taken)
        {
            taken++;
        }

        return taken;
    }

    private static (AccountTable Accounts, SharedResource Resource) Make(long limit, string share, params string[] quotas)
    {
        Share.TryParse(share, out var all, out _).ShouldBeTrue();
        var accounts = new AccountTable(new QuotaOptions { Sessions = all, Identities = [.. quotas.Select(Quota)] });
        return (accounts, new SharedResource(Resource, limit, accounts));
    }

    private static IdentityQuota Quota(string text)
    {
        IdentityQuota.TryParse(text, out var quota, out var error).ShouldBeTrue(error);
        return quota!;
    }
}
