using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>An endpoint at one instant.</summary>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="Bound">The bound address, with its port; null while the endpoint is not bound.</param>
/// <param name="State">Its state.</param>
internal sealed record EndpointStatus(EndpointAddress Endpoint, EndpointAddress? Bound, EndpointState State);
