using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>What a store holds, in lines that can be compared and read.</summary>
internal static class StateText
{
    public static string Of(BrokerState state) => string.Join('\n', state.Sessions.Select(Of)
        .Concat(state.Retained.Select(kept => $"retained {Of(kept.Message)} of {kept.Identity}"))
        .Concat(state.Wills.Select(kept => Of(kept.Will)))
        .Order(StringComparer.Ordinal));

    private static string Of(SessionState session)
    {
        var subscriptions = session.Subscriptions.OrderBy(one => one.Filter, StringComparer.Ordinal).Select(one => string.Create(
            CultureInfo.InvariantCulture,
            $"{one.Filter} {one.QoS} {one.NoLocal} {one.RetainAsPublished} {string.Join('+', one.Identifiers)}"));
        var messages = session.Messages.Select(one => string.Create(
            CultureInfo.InvariantCulture,
            $"#{one.Message.Sequence} {Of(one.Message.Message)} {one.Message.QoS} {one.Message.Retain} {one.Message.IsOfBurst} "
            + $"{one.Message.Share} {string.Join('+', one.Message.Identifiers)} {one.PacketId} {one.State}"));
        return $"session {session.Session.ClientId} of {session.Session.Identity} for {session.Session.ExpirySeconds}: "
            + $"[{string.Join(", ", subscriptions)}] [{string.Join(", ", messages)}] [{string.Join(' ', session.Received.Order())}]";
    }

    private static string Of(StoredMessage message) => string.Create(
        CultureInfo.InvariantCulture,
        $"{message.Topic.Name}={Convert.ToHexString(message.Payload.Take(8).ToArray())}({message.Payload.Length}) "
        + $"{Convert.ToHexString(message.Properties)} {message.QoS} {message.Retain} {(message.ExpiresAt is null ? "" : "expires")}");

    private static string Of(WillRecord will) => string.Create(
        CultureInfo.InvariantCulture,
        $"will of {will.ClientId} of {will.Identity}: {Convert.ToHexString(will.Topic)}={Convert.ToHexString(will.Payload.Span)} "
        + $"{Convert.ToHexString(will.Properties)} {will.QoS} {will.Retain} {will.Expiry} {will.Delay}");
}
