using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The refused handshakes of one address within the window.</summary>
/// <param name="Address">The IPv4 address, or the IPv6 /64.</param>
/// <param name="Window">Its refused handshakes, as bad ones.</param>
/// <param name="Reason">Why the last one was refused.</param>
internal sealed record RefusedAddress(string Address, SlidingCounter Window, HandshakeFailure Reason);
