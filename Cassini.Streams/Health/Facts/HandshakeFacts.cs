using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Facts;

/// <summary>How recent handshakes ended: completed ones are good, refused ones are bad.</summary>
/// <param name="Window">All of them.</param>
internal sealed record HandshakeFacts(SlidingCounter Window)
{
    /// <summary>The most addresses that are counted each by itself.</summary>
    public const int MostAddresses = 64;

    public long LastRefusal { get; init; }

    /// <summary>The refused handshakes of the addresses that were refused last, the latest at the end.</summary>
    public ImmutableArray<RefusedAddress> Addresses { get; init; } = [];

    /// <summary>
    /// The refused handshakes that belong to none of <see cref="Addresses"/>: their address is not known, or it was replaced by a later
    /// one. All of them count.
    /// </summary>
    public SlidingCounter Others { get; init; } = new(Window.Window);

    /// <summary>When the next item expires.</summary>
    public TimeSpan NextExpiry
    {
        get
        {
            var next = Window.NextExpiry < Others.NextExpiry ? Window.NextExpiry : Others.NextExpiry;
            foreach (var peer in Addresses)
            {
                next = peer.Window.NextExpiry < next ? peer.Window.NextExpiry : next;
            }

            return next;
        }
    }

    /// <summary>The refused handshakes that count, when each address counts at most so many.</summary>
    public long Refused(int perAddress) => Others.Bad + Addresses.Sum(peer => Math.Min(perAddress, peer.Window.Bad));

    public HandshakeFacts Apply(BrokerEvent happened, long sequence, TimeSpan now, HealthPolicy policy) => happened switch
    {
        HandshakeCompleted => this with { Window = Window.Add(now, 1, 0) },
        HandshakeFailed { IsRefusal: true } e => Refuse(e, now, policy) with { Window = Window.Add(now, 0, 1), LastRefusal = sequence },
        _ => this,
    };

    public HandshakeFacts Expire(TimeSpan now) => NextExpiry > now ? this : Keep(counter => counter.Expire(now));

    /// <summary>The same handshakes in a window of another length.</summary>
    public HandshakeFacts Within(TimeSpan window, TimeSpan now) => Keep(counter => counter.Within(window, now));

    private HandshakeFacts Refuse(HandshakeFailed refused, TimeSpan now, HealthPolicy policy)
    {
        if (PeerKey.NameOf(refused.RemoteAddress) is not { } address)
        {
            return this with { Others = Others.Add(now, 0, 1) };
        }

        var known = Addresses.FirstOrDefault(peer => peer.Address == address);
        var kept = known is null ? Addresses : Addresses.RemoveAt(Addresses.IndexOf(known));
        var others = Others;
        if (kept.Length >= MostAddresses)
        {
            // What it counted until now counts on, as if it had happened now: at most a window too long.
            others = others.Add(now, 0, Math.Min(policy.HandshakesPerAddress, kept[0].Window.Bad));
            kept = kept.RemoveAt(0);
        }

        var window = (known?.Window ?? new SlidingCounter(Window.Window)).Add(now, 0, 1);
        return this with { Addresses = kept.Add(new RefusedAddress(address, window, refused.Reason)), Others = others };
    }

    private HandshakeFacts Keep(Func<SlidingCounter, SlidingCounter> keep) => this with
    {
        Window = keep(Window),
        Others = keep(Others),
        Addresses = [.. Addresses.Select(peer => peer with { Window = keep(peer.Window) }).Where(peer => peer.Window.Total > 0)],
    };
}
