using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

/// <summary>
/// Probes the broker like its clients do. The host runs each of the three loops under a supervisor. A loop runs until it is cancelled
/// and does not catch unexpected exceptions.
/// </summary>
internal sealed class Prober
{
    private readonly Heartbeats _heartbeats;
    private readonly AcceptProbes _acceptProbes;
    private readonly Canary _canary;

    /// <summary>Creates a prober; it probes nothing before its loops run.</summary>
    /// <param name="options">The intervals and time-outs.</param>
    /// <param name="manager">The manager that it probes.</param>
    /// <param name="certificates">The source of the certificate that the canary must be served.</param>
    /// <param name="events">Publishes the results.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="speaksMqtt">
    /// Whether the canary continues in MQTT: connects, subscribes, and receives its own message. Default false: its trip ends with the
    /// session, whatever the protocol is.
    /// </param>
    public Prober(
        ProbingOptions options,
        ListenerManager manager,
        CertificateStore certificates,
        IEventPublisher events,
        TimeProvider time,
        ILogger<Prober> logger,
        bool speaksMqtt = false)
    {
        _heartbeats = new Heartbeats(options, manager, events, time);
        _acceptProbes = new AcceptProbes(options, manager, events, time, logger);
        _canary = new Canary(options, manager, certificates, speaksMqtt, events, time, logger);
    }

    /// <summary>Pings the manager through its mailbox, with at most one ping at a time.</summary>
    public Task RunHeartbeatsAsync(CancellationToken cancellationToken) =>
        OwnThread.RunAsync("cassini heartbeat", () => _heartbeats.RunAsync(cancellationToken));

    /// <summary>Connects to every bound endpoint, and restarts an accept loop that has not answered for too long.</summary>
    public Task RunAcceptProbesAsync(CancellationToken cancellationToken) =>
        OwnThread.RunAsync("cassini probes", () => _acceptProbes.RunAsync(cancellationToken));

    /// <summary>
    /// Makes whole client round trips. Without a client certificate it publishes <see cref="CanaryDisabled"/> and ends at once.
    /// </summary>
    public Task RunCanaryAsync(CancellationToken cancellationToken) => _canary.RunAsync(cancellationToken);
}
