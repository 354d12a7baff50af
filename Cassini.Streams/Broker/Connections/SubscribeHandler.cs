using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Handles SUBSCRIBE and UNSUBSCRIBE packets (MQTT 5.0 §3.8, §3.10). For the connection's reader.</summary>
internal sealed class SubscribeHandler(
    BrokerOptions options, BrokerEvents events, Func<ResourceUse> sharedUse, ClientLink link, Client client)
{
    /// <summary>The steps of a change of the subscriptions.</summary>
    private const int StepsOfAFilter = 16;

    private bool _hasSubscribed;
    private FiltersUnderWay? _underWay;

    /// <summary>Whether a packet is not handled to its end: <see cref="GoOn"/> goes on.</summary>
    public bool IsUnderWay => _underWay is not null;

    public void Begin(SubscribePacket packet)
    {
        int[] identifiers = [.. packet.Properties.SubscriptionIdentifiers];
        string? detail = null;
        _underWay = new FiltersUnderWay(
            ImmutableArray.CreateBuilder<ReasonCode>(packet.Requests.Length),
            at => Subscribe(packet.Requests[at], identifiers, ref detail),
            reasons => link.Explain(
                client.WantsProblemInformation ? detail ?? "" : "",
                properties => new SubAckPacket(PacketType.SubAck, packet.PacketId, Told(reasons, packet), properties).Write(link.Version)));
    }

    public void Begin(UnsubscribePacket packet) => _underWay = new FiltersUnderWay(
        ImmutableArray.CreateBuilder<ReasonCode>(packet.Filters.Length),
        at => client.Session.Subscriptions.Remove(packet.Filters[at]) ? ReasonCode.Success
            : ProblemOf(packet.Filters[at], out _, out _) is null ? ReasonCode.NoSubscriptionExisted
            : ReasonCode.TopicFilterInvalid,
        reasons => new SubAckPacket(PacketType.UnsubAck, packet.PacketId, reasons, PropertySet.Empty).Write(link.Version));

    /// <summary>Handles the filters of the packet that has begun, one after another, as far as the slice allows.</summary>
    /// <returns>The answer; null when the packet is still under way.</returns>
    public byte[]? GoOn(ref WorkSlice slice)
    {
        SocketThread.Forbid();
        var (reasons, handle, answer) = _underWay!;
        for (; reasons.Count < reasons.Capacity; slice.Take(StepsOfAFilter))
        {
            if (slice.IsOver)
            {
                return null;
            }

            reasons.Add(handle(reasons.Count));
        }

        _underWay = null;
        return answer(reasons.MoveToImmutable());
    }

    /// <summary>Whether <see cref="SendRetained"/> has something to do.</summary>
    public bool HasRetained => _hasSubscribed && !IsUnderWay;

    /// <summary>Begins to send the retained messages that match the new subscriptions. They are sent as the client reads.</summary>
    public void SendRetained()
    {
        if (HasRetained)
        {
            SocketThread.Forbid();
            _hasSubscribed = false;
            client.Session.Deliveries.SendRetained(link.Flushes);
        }
    }

    /// <summary>MQTT 3.1 §3.9 has no code for a refusal: each filter is answered with the QoS that it asks for.</summary>
    private ImmutableArray<ReasonCode> Told(ImmutableArray<ReasonCode> reasons, SubscribePacket packet) =>
        link.Version == ProtocolVersion.V310 ? [.. packet.Requests.Select(request => (ReasonCode)request.QoS)] : reasons;

    private ReasonCode Subscribe(SubscriptionRequest request, int[] identifiers, ref string? detail)
    {
        if (ProblemOf(request.Filter, out var share, out var inner) is { } problem)
        {
            detail ??= problem;
            return ReasonCode.TopicFilterInvalid;
        }

        var rights = client.Rights.Now;
        if (!rights.MaySubscribe(inner))
        {
            return Denied(request.Filter, ref detail);
        }

        var subscription = new Subscription(
            client.Session,
            request.Filter,
            request.QoS,
            request.NoLocal || (client.IsBridge && share.IsEmpty),
            request.RetainAsPublished || client.IsBridge,
            identifiers);

        // A shared subscription gets no retained messages (§4.8.2).
        var verdict = client.Session.Subscriptions.Add(subscription, share.IsEmpty ? request.RetainHandling : RetainHandling.DoNotSend);
        if (verdict is not (SubscriptionVerdict.Added or SubscriptionVerdict.Replaced))
        {
            var refusal = Refused(verdict);
            detail ??= refusal;
            return ReasonCode.QuotaExceeded;
        }

        // Rules that have changed since then are not judged by others, who may have looked at this session before.
        if (client.Rights.Now is var now && now != rights && !now.MaySubscribe(inner))
        {
            client.Session.Subscriptions.Remove(subscription);
            return Denied(request.Filter, ref detail);
        }

        _hasSubscribed = true;
        return (ReasonCode)request.QoS;
    }

    /// <summary>Why a filter cannot be subscribed to, whoever asks for it; null when it can.</summary>
    private string? ProblemOf(string text, out ReadOnlySpan<byte> share, out ReadOnlySpan<byte> inner)
    {
        var filter = MqttText.Encode(text);
        return !TopicFilter.TryParse(filter, out share, out inner) ? $"not a topic filter: {SafeText.Of(text, SafeText.Short)}"
            : client.IsProbe ? null
            : TopicLimits.Problem(filter, options);
    }

    /// <summary>Publishes which limit a subscription was refused for.</summary>
    /// <returns>The same for the client.</returns>
    private string Refused(SubscriptionVerdict verdict)
    {
        var account = client.Session.Account;
        switch (verdict)
        {
            case SubscriptionVerdict.NoMemory:
                events.PublishReached(link.Connection.Memory.NoteRefused(), () => link.Connection.Memory.UseOfAll);
                return "there is no memory for one more subscription";
            case SubscriptionVerdict.SharedOverQuota:
                var held = account.Held(CapacityResource.SharedSubscriptions);
                events.PublishReached(new CapacityReached(CapacityResource.SharedSubscriptions, held, account.Identity));
                return $"this identity has {Quantity.Of(held, "shared subscription")}, the most that one may have now";
            case SubscriptionVerdict.SharedExhausted:
                events.PublishReached(
                    new CapacityReached(CapacityResource.SharedSubscriptions, options.MaxSharedSubscriptions), sharedUse);
                return Quantity.Of(options.MaxSharedSubscriptions, "shared subscription exists", "shared subscriptions exist");
            case SubscriptionVerdict.Ended:
                return "the session has ended";
            default:
                return $"this session has {Quantity.Of(options.MaxSubscriptions, "subscription")}, the most that one may have";
        }
    }

    private ReasonCode Denied(string filter, ref string? detail)
    {
        detail ??= $"not allowed: {SafeText.Of(filter, SafeText.Short)}";
        link.Counters.AddDenied();
        var denied = client.Denied("subscribe", filter, detail: null);
        events.PublishLimited(denied, client.Identity, denied.Action);
        return ReasonCode.NotAuthorized;
    }

    /// <summary>A packet that takes more than one slice.</summary>
    /// <param name="Reasons">The answers so far; its capacity is the number of filters.</param>
    /// <param name="Handle">Handles the filter with this index.</param>
    /// <param name="Answer">Makes the answer of all of them.</param>
    private sealed record FiltersUnderWay(
        ImmutableArray<ReasonCode>.Builder Reasons, Func<int, ReasonCode> Handle, Func<ImmutableArray<ReasonCode>, byte[]> Answer);
}
