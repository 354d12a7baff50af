using System.Net;
using Cassini.Management.Access;
using Cassini.Management.Control;
using Cassini.Management.Telemetry;
using Cassini.Streams.Broker;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Tls;

namespace Cassini.Management;

/// <summary>What the management surface reads and may do: everything that an endpoint group is given.</summary>
/// <param name="Hub">The events.</param>
/// <param name="Health">The fold that every probe, feed and metric reads.</param>
/// <param name="Sessions">The live table.</param>
/// <param name="Listeners">Disconnect and rehearse.</param>
/// <param name="Options">Address and caps.</param>
/// <param name="Time">The one clock.</param>
/// <param name="Broker">Topics, subscriptions and their statistics; null when the host serves another protocol.</param>
internal sealed record ManagementContext(
    EventHub Hub,
    HealthProjection Health,
    LiveSessions Sessions,
    IListenerControl Listeners,
    ManagementOptions Options,
    TimeProvider Time,
    MqttBroker? Broker = null)
{
    /// <summary>That of a host, whatever protocol it serves.</summary>
    public static ManagementContext Of(ServiceHost host, TimeProvider time) =>
        new(host.Hub, host.Health, host.Sessions, new ListenerControl(host.Listeners), host.Options.Management, time)
        {
            Certificates = host.Certificates,
            RequestStop = host.RequestStop,
        };

    /// <summary>What is served over TLS, and what client certificates are judged by; null without TLS.</summary>
    public CertificateStore? Certificates { get; init; }

    /// <summary>Asks for a graceful stop of the process; null when nobody can.</summary>
    public Action? RequestStop { get; init; }

    /// <summary>Who was turned away, and why.</summary>
    public Refusals Refusals { get; } = new();

    /// <summary>Where metrics go beside /metrics; null when nowhere.</summary>
    public OtlpExport? Export { get; init; }

    /// <summary>Whether callers need credentials: always where it does not listen on loopback.</summary>
    public bool IsClosed => Options.RequireCredentials is true
        || !EndpointAddress.TryParse(Options.Address, out var address, out _) || !IPAddress.IsLoopback(address.Address);
}
