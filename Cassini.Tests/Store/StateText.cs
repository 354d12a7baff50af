using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Tests.Store;

/// <summary>
/// What a journal holds, as a text: two that mean the same are equal. It says whether a client is away, and not since when: a schedule may
/// let time pass between the moment in memory and the one on disk.
/// </summary>
internal static class StateText
{
    public static string Of(BrokerState state)
    {
        var sessions = state.Sessions.Select(Of).Order(StringComparer.Ordinal);
        var retained = state.Retained.Select(one => $"{TextOf(one.Message)} by {one.Identity}").Order(StringComparer.Ordinal);
        var wills = state.Wills.Select(will => $"{will.Number} {will.Will.ClientId} {Encoding.UTF8.GetString(will.Will.Payload.Span)}");
        return $"{string.Join("; ", sessions)}; retained: {string.Join(", ", retained)}; wills: {string.Join(", ", wills)}";
    }

    private static string Of(SessionState session)
    {
        var subscriptions = session.Subscriptions.OrderBy(one => one.Filter, StringComparer.Ordinal)
            .Select(one => $"{one.Filter} {one.QoS}{(one.AwaitsRetained ? " awaits retained" : "")}");
        var messages = session.Messages.Select(one => string.Join(
            ' ', one.Message.Sequence, TextOf(one.Message.Message), one.Message.QoS, one.Message.Retain, one.Message.Share, one.PacketId,
            one.State));
        return $"{session.Session.ClientId} {session.Session.ExpirySeconds} away {session.Away > TimeSpan.Zero} "
            + $"[{string.Join(", ", subscriptions)}] [{string.Join(", ", messages)}] [{string.Join(' ', session.Received.Order())}]";
    }

    private static string TextOf(StoredMessage message) =>
        $"{message.Topic.Name}={Encoding.UTF8.GetString(message.Payload)}{(message.ExpiresAt is null ? "" : " expires")}";
}
