using Cassini.Streams.Settings;

namespace Cassini.Streams.Hosting;

/// <summary>How long each stage of a graceful stop may take. <c>Broker:ServerReference</c> names another server for the clients.</summary>
public sealed record DrainOptions : IOptionsRecord
{
    /// <summary>
    /// How long new clients are still served after readiness has turned red, so that load balancers notice before a client is refused.
    /// </summary>
    [Within("0", "10m")]
    public TimeSpan ReadinessDelay { get; init; }

    /// <summary>
    /// How long connected clients may take to receive and acknowledge what was accepted for them. What they have not received by then
    /// is lost with the process, and the stage counts as forced.
    /// </summary>
    [Within("0", "1h")]
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a node of a fleet waits for clients that were connected and whose sessions are kept: each that connects to another node
    /// gets its session there. A session whose client does not waits for this node.
    /// </summary>
    [Within("0", "1h")]
    public TimeSpan HandOverTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
