using Cassini.Streams.Events;

namespace Cassini.Streams.Quotas;

/// <summary>
/// The memory that clients cause to be used, in bytes, and its limit: payloads, wills, buffers, each queued copy, sessions, subscriptions
/// with what is noted of the retained messages that they have still to get, listed topics and those that clients remember, and retained
/// topics with their nodes. What an identity causes is taken through its <see cref="AccountMemory"/>; there is no other way. Thread-safe.
/// </summary>
internal sealed class MemoryBudget(long limit, AccountTable accounts)
{
    /// <summary>The limit, and a quarter of it for what cannot be refused: beyond it nothing is taken that can.</summary>
    private const int Overshoot = 4;

    private readonly SharedResource _bytes = new(CapacityResource.Memory, limit, accounts);
    private readonly Lock _making = new();

    public long Used => _bytes.Used;

    /// <summary>A message was refused because of its identity's own share.</summary>
    public void NoteOverQuota() => accounts.NoteRefused(CapacityResource.Memory, QuotaVerdict.OverQuota);

    public long Limit => _bytes.Limit;

    public bool IsExhausted => Used >= Limit;

    /// <summary>Whether even those who have little may take nothing more.</summary>
    public bool IsFull => Used - Limit >= Limit / Overshoot;

    /// <summary>How much is in use, and the identity that has most of it, once half of it is.</summary>
    public ResourceUse Use
    {
        get
        {
            // A payload that several identities wait for counts for each of them, but is in memory once.
            var use = _bytes.Use;
            return use with { Held = Math.Min(use.Held, use.Used) };
        }
    }

    /// <summary>What one identity takes and gives back.</summary>
    public AccountMemory Of(Account account)
    {
        if (account.Memory is { } known && known.IsOf(this))
        {
            return known;
        }

        // One for each account: who waits for memory must wait where it is given back.
        lock (_making)
        {
            return account.Memory is { } made && made.IsOf(this) ? made : account.Memory = new AccountMemory(this, account);
        }
    }

    /// <summary>Those who wait for the use of all to fall.</summary>
    public LevelWaiters Waiters { get; } = new();

    public void Take(Account account, long own, long added) => _bytes.Take(account, own, added);

    public void Return(Account account, long own, long added)
    {
        _bytes.Return(account, own, added);
        Waiters.Fell(_bytes.Used);
    }
}
