using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Listening.Probes;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>A socket on its way from an accept loop to the manager.</summary>
/// <param name="Socket">The socket: whoever holds this record owns it.</param>
/// <param name="Endpoint">The endpoint that accepted it.</param>
/// <param name="Remote">The peer.</param>
/// <param name="AcceptedAt">When it was accepted: a timestamp.</param>
/// <param name="Canary">The ticket of our own canary; null for a client.</param>
internal sealed record AcceptedSocket(Socket Socket, EndpointAddress Endpoint, IPEndPoint Remote, long AcceptedAt, ProbeTicket? Canary);
