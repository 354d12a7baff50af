namespace Cassini.Streams.Hosting;

/// <summary>How long each stage of a graceful stop may take. Where clients are sent is <c>Broker:ServerReference</c>.</summary>
public sealed record DrainOptions
{
    /// <summary>
    /// How long new clients are still served after readiness has turned red, so that load balancers notice before anybody is refused.
    /// Default 0 s; 0 s … 10 min.
    /// </summary>
    public TimeSpan ReadinessDelay { get; init; }

    /// <summary>
    /// How long connected clients may take to receive and acknowledge what was taken in for them. Default 20 s; 0 s … 1 h. What they
    /// have not got then is lost with the process, and the stage counts as forced.
    /// </summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
