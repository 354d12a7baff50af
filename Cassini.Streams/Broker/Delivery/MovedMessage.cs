using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>One message of a session that moves to another node.</summary>
/// <param name="Message">The message. Its sequence number is that of the node that it comes from.</param>
/// <param name="PacketId">Its packet identifier, if it was sent.</param>
/// <param name="State">How far its delivery has come; <see cref="DeliveryState.Done"/> when it was not sent yet.</param>
/// <param name="Origin">Its number in the fleet; 0 when it came before the move began.</param>
internal readonly record struct MovedMessage(QueuedMessage Message, ushort PacketId, DeliveryState State, ulong Origin);
