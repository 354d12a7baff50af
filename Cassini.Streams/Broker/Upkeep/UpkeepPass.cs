using System.Runtime.InteropServices;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// How much the housekeeper has done in one pass, and for whom. A client that subscribes to many wills must be able to read them as they
/// come, not find its queue full. One identity has half of a pass at most, and each has a few wills, whatever the others have. For one
/// thread at a time.
/// </summary>
internal sealed class UpkeepPass
{
    /// <summary>Copies of wills, and of messages that ended sessions leave to others, that one identity causes.</summary>
    private const int Copies = 10_000;

    private static readonly Amount OfAll = new(Wills: 1_000, Bytes: 4 * 1024 * 1024);
    private static readonly Amount OfOne = new(Wills: 500, Bytes: 2 * 1024 * 1024);
    private static readonly Amount OfEach = new(Wills: 16, Bytes: 256 * 1024);

    private readonly Dictionary<Account, (Amount Wills, int Copies)> _done = [];
    private Amount _all;

    /// <summary>Whether what is due for sessions of an identity is done in it.</summary>
    public bool Allows(Account account)
    {
        var (wills, copies) = _done.GetValueOrDefault(account);
        return copies < Copies && wills.IsLessThan(_all.IsLessThan(OfAll) ? OfOne : OfEach);
    }

    /// <summary>A will was published.</summary>
    /// <param name="account">The account of its identity.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="copies">How many subscribers it had.</param>
    public void AddWill(Account account, int bytes, int copies)
    {
        ref var done = ref CollectionsMarshal.GetValueRefOrAddDefault(_done, account, out _);
        done = (done.Wills.Plus(bytes), done.Copies + copies);
        _all = _all.Plus(bytes);
    }

    /// <summary>Messages that an ended session left to others.</summary>
    public void AddCopies(Account account, int copies)
    {
        if (copies > 0)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_done, account, out _).Copies += copies;
        }
    }

    private readonly record struct Amount(int Wills, long Bytes)
    {
        public bool IsLessThan(Amount limit) => Wills < limit.Wills && Bytes < limit.Bytes;

        public Amount Plus(int bytes) => new(Wills + 1, Bytes + bytes);
    }
}
