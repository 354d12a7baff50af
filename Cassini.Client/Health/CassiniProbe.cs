namespace Cassini.Streams.Health;

/// <summary>Which verdict on a broker a health check uses.</summary>
public enum CassiniProbe
{
    /// <summary>Whether new clients can be served: the verdict of /readyz. For load balancers and readiness probes.</summary>
    Ready,

    /// <summary>Whether the process should keep running: the verdict of /livez. For liveness probes; never degraded.</summary>
    Live,
}
