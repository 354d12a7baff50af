using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// Limits how many shared subscriptions there are (MQTT 5.0 §4.8.2), because each takes a copy of every message that matches. However many
/// members one has, it takes one place, of the identity whose client was the first of them. Thread-safe.
/// </summary>
internal sealed class SharedPlaces(int most, AccountTable accounts)
{
    private readonly SharedResource _places = new(CapacityResource.SharedSubscriptions, most, accounts);

    /// <summary>How many there are, and who has most of them.</summary>
    public ResourceUse Use => _places.Use;

    /// <summary>Takes a place for one more.</summary>
    public QuotaVerdict TryTake(Account account) => _places.TryTake(account, 1);

    /// <summary>A shared subscription has its first member. Call it before that one can leave.</summary>
    /// <param name="group">The shared subscription.</param>
    /// <param name="account">The account of the first member's identity.</param>
    /// <param name="isTaken">Whether its place was taken: if not, it must not be refused.</param>
    public void Begin(SharedGroup group, Account account, bool isTaken)
    {
        group.Payer = accounts.Open(account);
        if (!isTaken)
        {
            _places.Take(account, 1, 1);
        }
    }

    /// <summary>Gives a place back for which there is no new one: others were the first.</summary>
    public void Return(Account account) => _places.Return(account, 1, 1);

    /// <summary>It has no member on this node any more.</summary>
    /// <param name="payer">The account that has its place.</param>
    public void End(Account payer)
    {
        _places.Return(payer, 1, 1);
        accounts.Close(payer);
    }
}
