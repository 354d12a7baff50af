namespace Cassini.Streams.Hosting;

/// <summary>Which verdict on a broker a health check asks for.</summary>
public enum CassiniProbe
{
    /// <summary>Can new clients be served? What /readyz says. For load balancers and readiness probes.</summary>
    Ready,

    /// <summary>Is the process worth keeping? What /livez says. For liveness probes; never degraded.</summary>
    Live,
}
