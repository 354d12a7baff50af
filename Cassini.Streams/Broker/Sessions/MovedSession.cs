using System.Collections.Immutable;
using Cassini.Streams.Broker.Durable;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>A session that moves to another node, without its messages.</summary>
/// <param name="ClientId">Its client identifier.</param>
/// <param name="Identity">The identity that it belongs to.</param>
/// <param name="ExpirySeconds">Its expiry interval.</param>
/// <param name="Subscriptions">Its subscriptions.</param>
/// <param name="Received">The packet identifiers of what it has received with QoS 2, and not released.</param>
internal sealed record MovedSession(
    string ClientId, string Identity, uint ExpirySeconds, ImmutableArray<SubscriptionRecord> Subscriptions,
    ImmutableArray<ushort> Received);
