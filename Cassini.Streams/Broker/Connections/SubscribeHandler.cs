using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Handles SUBSCRIBE and UNSUBSCRIBE packets (MQTT 5.0 §3.8, §3.10). For the connection's reader.</summary>
internal sealed class SubscribeHandler(BrokerOptions options, BrokerEvents events, ClientLink link, Client client)
{
    private bool _hasSubscribed;

    /// <returns>The answer.</returns>
    public byte[] Subscribe(SubscribePacket packet)
    {
        int[] identifiers = [.. packet.Properties.SubscriptionIdentifiers];
        string? detail = null;
        var reasons = ImmutableArray.CreateBuilder<ReasonCode>(packet.Requests.Length);
        foreach (var request in packet.Requests)
        {
            reasons.Add(reasons.Count < options.MaxSubscriptions ? Subscribe(request, identifiers, ref detail) : TooMany(ref detail));
        }

        var (granted, explanation) = (reasons.MoveToImmutable(), client.WantsProblemInformation ? detail ?? "" : "");
        return link.Explain(
            explanation, properties => new SubAckPacket(PacketType.SubAck, packet.PacketId, granted, properties).Write(link.Version));
    }

    /// <returns>The answer.</returns>
    public byte[] Unsubscribe(UnsubscribePacket packet)
    {
        var reasons = ImmutableArray.CreateBuilder<ReasonCode>(packet.Filters.Length);
        foreach (var filter in packet.Filters)
        {
            reasons.Add(client.Session.Subscriptions.Remove(filter) ? ReasonCode.Success
                : ProblemOf(filter, out _, out _) is null ? ReasonCode.NoSubscriptionExisted
                : ReasonCode.TopicFilterInvalid);
        }

        return new SubAckPacket(PacketType.UnsubAck, packet.PacketId, reasons.MoveToImmutable(), PropertySet.Empty).Write(link.Version);
    }

    /// <summary>Begins to send the retained messages that match the new subscriptions. They are sent as the client reads.</summary>
    public void SendRetained()
    {
        if (_hasSubscribed)
        {
            _hasSubscribed = false;
            client.Session.Deliveries.SendRetained(link.Flushes);
        }
    }

    private ReasonCode Subscribe(SubscriptionRequest request, int[] identifiers, ref string? detail)
    {
        if (ProblemOf(request.Filter, out var share, out var inner) is { } problem)
        {
            detail ??= problem;
            return ReasonCode.TopicFilterInvalid;
        }

        if (!client.Access.MaySubscribe(inner))
        {
            detail ??= $"not allowed: {SafeText.Of(request.Filter, SafeText.Short)}";
            Deny(request.Filter);
            return ReasonCode.NotAuthorized;
        }

        var subscription = new Subscription(
            client.Session,
            request.Filter,
            request.QoS,
            request.NoLocal || (client.IsBridge && share.IsEmpty),
            request.RetainAsPublished || client.IsBridge,
            identifiers);

        // A shared subscription gets no retained messages (§4.8.2).
        if (client.Session.Subscriptions.Add(subscription, share.IsEmpty ? request.RetainHandling : RetainHandling.DoNotSend) is null)
        {
            return TooMany(ref detail);
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

    private ReasonCode TooMany(ref string? detail)
    {
        detail ??= $"more than {Quantity.Of(options.MaxSubscriptions, "subscription")}, or no memory for one more";
        return ReasonCode.QuotaExceeded;
    }

    private void Deny(string filter)
    {
        link.Counters.AddDenied();
        var denied = client.Denied("subscribe", filter, detail: null);
        events.PublishLimited(denied, client.Identity, denied.Action);
    }
}
