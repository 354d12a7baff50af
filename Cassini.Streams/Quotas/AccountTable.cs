using System.Collections.Concurrent;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Quotas;

/// <summary>
/// The accounts of all identities that have anything: each is there from its first <see cref="Open(string)"/> to its last
/// <see cref="Close"/>. Thread-safe.
/// </summary>
internal sealed class AccountTable(QuotaOptions options)
{
    private readonly ConcurrentDictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly long[] _limits = new long[QuotaResources.All.Length];
    private readonly long[] _overQuota = new long[QuotaResources.All.Length];

    /// <summary>The broker's own, which may have all and is not listed.</summary>
    public Account OfBroker { get; } = new("", [.. QuotaResources.All.Select(QuotaOptions.Whole.Of)], hasTurns: false);

    public IEnumerable<Account> All => _accounts.Select(pair => pair.Value);

    /// <summary>The most that all may have together of a resource; 0 when nothing shares it.</summary>
    public long LimitOf(CapacityResource resource) => Volatile.Read(ref _limits[(int)resource]);

    /// <summary>How often an identity got no more of a resource because of its own share.</summary>
    public long OverQuota(CapacityResource resource) => Interlocked.Read(ref _overQuota[(int)resource]);

    /// <summary>A resource is shared by these accounts.</summary>
    /// <returns>The limit.</returns>
    public long NoteLimit(CapacityResource resource, long limit)
    {
        Volatile.Write(ref _limits[(int)resource], limit);
        return limit;
    }

    /// <summary>An identity got no more of a resource.</summary>
    public void NoteRefused(CapacityResource resource, QuotaVerdict verdict)
    {
        if (verdict == QuotaVerdict.OverQuota)
        {
            Interlocked.Increment(ref _overQuota[(int)resource]);
        }
    }

    /// <summary>The account of an identity, for something that has a part in it until <see cref="Close"/>.</summary>
    public Account Open(string identity)
    {
        lock (_lock)
        {
            if (!_accounts.TryGetValue(identity, out var account))
            {
                _accounts[identity] = account = Make(identity);
            }

            account.References++;
            return account;
        }
    }

    /// <summary>The account that has the identity of another one now, for something that outlives what that one was opened for.</summary>
    public Account Open(Account of) => of == OfBroker ? OfBroker : Open(of.Identity);

    /// <summary>What had a part in it has given back everything.</summary>
    public void Close(Account account)
    {
        lock (_lock)
        {
            if (--account.References == 0 && account != OfBroker)
            {
                _accounts.TryRemove(account.Identity, out _);
            }
        }
    }

    /// <summary>
    /// The identity that has most of a resource, and how much; null and 0 when none has any, or the broker itself has more.
    /// </summary>
    public (string? Identity, long Held) Largest(CapacityResource resource)
    {
        var largest = All.Select(account => (Identity: (string?)account.Identity, Held: account.Held(resource)))
            .DefaultIfEmpty()
            .MaxBy(account => account.Held);
        return largest.Held > OfBroker.Held(resource) ? largest : (null, 0);
    }

    private Account Make(string identity)
    {
        var own = options.Identities.FirstOrDefault(quota => IdentityPattern.Matches(quota.Identity, identity));
        return new Account(identity, [.. QuotaResources.All.Select(resource => own?.Of(resource) ?? options.Of(resource))]);
    }
}
