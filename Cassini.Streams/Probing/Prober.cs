using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Tls;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

/// <summary>
/// Watches the broker from where its clients stand. Each of the three loops is run under a supervisor by the host, runs until
/// it is cancelled and lets unexpected exceptions out.
/// </summary>
internal sealed class Prober
{
    private readonly Heartbeats _heartbeats;
    private readonly AcceptProbes _acceptProbes;
    private readonly Canary _canary;

    /// <summary>Makes a prober; nothing is probed before its loops run.</summary>
    /// <param name="options">How often and how patiently.</param>
    /// <param name="manager">Whom it watches.</param>
    /// <param name="certificates">What certificate the canary must be served.</param>
    /// <param name="events">Where it is told.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="speaksMqtt">
    /// Whether the canary goes on in MQTT: connects, subscribes, and takes its own message back. Default false: its trip ends with
    /// the session, whatever is spoken there.
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

    /// <summary>Pings the manager through its mailbox; at most one ping is under way.</summary>
    public Task RunHeartbeatsAsync(CancellationToken cancellationToken) => _heartbeats.RunAsync(cancellationToken);

    /// <summary>Connects to every bound endpoint and restarts an accept loop that does not answer for long.</summary>
    public Task RunAcceptProbesAsync(CancellationToken cancellationToken) => _acceptProbes.RunAsync(cancellationToken);

    /// <summary>Makes whole client round trips; ends at once, with <see cref="CanaryDisabled"/>, without a client certificate.</summary>
    public Task RunCanaryAsync(CancellationToken cancellationToken) => _canary.RunAsync(cancellationToken);
}
