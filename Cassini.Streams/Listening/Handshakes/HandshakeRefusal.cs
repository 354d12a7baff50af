using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>Why a connection does not become open.</summary>
internal sealed record HandshakeRefusal(HandshakeFailure Reason, string? Detail = null);
