using Cassini.Streams.Events;

namespace Cassini.Streams.Quotas;

/// <summary>
/// Something limited that all identities share. Each may take up to its share of it, and while that is less than the whole, no more than
/// is left: so the one that has most is refused first, and what is left is never one identity's. Thread-safe.
/// </summary>
/// <param name="resource">What it is.</param>
/// <param name="limit">The most that all may have together.</param>
/// <param name="accounts">Who has how much.</param>
internal sealed class SharedResource(CapacityResource resource, long limit, AccountTable accounts)
{
    private long _used;

    /// <summary>The most that all may have together.</summary>
    public long Limit { get; } = accounts.NoteLimit(resource, limit);

    /// <summary>How much all have together.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>How much is in use, and the identity that has most of it, once half of it is.</summary>
    public ResourceUse Use
    {
        get
        {
            var used = Used;
            var (holder, held) = used < Limit / 2 ? (null, 0) : accounts.Largest(resource);
            return new ResourceUse(used, Limit, holder, held);
        }
    }

    /// <summary>Takes some for an identity, unless that has enough or nothing is left.</summary>
    public QuotaVerdict TryTake(Account account, long amount) => TryTake(account, amount, amount);

    /// <summary>The same when a part of it is in use already, by others.</summary>
    /// <param name="account">The identity's account.</param>
    /// <param name="own">How much more the identity has then.</param>
    /// <param name="added">How much more all have together then.</param>
    public QuotaVerdict TryTake(Account account, long own, long added)
    {
        var before = account.Add(resource, own) - own;
        var used = Interlocked.Add(ref _used, added);
        var share = account.ShareOf(resource).OfLimit(Limit);
        var verdict = used > Limit ? QuotaVerdict.Exhausted
            : before + own > share || (share < Limit && before > Limit - used) ? QuotaVerdict.OverQuota
            : QuotaVerdict.Taken;
        if (verdict != QuotaVerdict.Taken)
        {
            accounts.NoteRefused(resource, verdict);
            Return(account, own, added);
        }

        return verdict;
    }

    /// <summary>Takes some that cannot be refused: what a store kept, and what is bounded otherwise.</summary>
    public void Take(Account account, long own, long added)
    {
        account.Add(resource, own);
        Interlocked.Add(ref _used, added);
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(Account account, long own, long added)
    {
        account.Add(resource, -own);
        Interlocked.Add(ref _used, -added);
    }

    /// <summary>Whether an identity may take nothing more now.</summary>
    public bool IsClosedTo(Account account)
    {
        var (used, held) = (Used, account.Held(resource));
        var share = account.ShareOf(resource).OfLimit(Limit);
        return used >= Limit || held >= share || (share < Limit && held > Limit - used);
    }
}
