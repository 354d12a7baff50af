using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health;

/// <summary>A hub and its projection in virtual time.</summary>
internal sealed class HealthChangesRig : IDisposable
{
    public HealthChangesRig()
    {
        Hub = new EventHub(Clock.Time);
        Health = new HealthProjection(Hub, new HealthPolicy { Hold = TimeSpan.Zero }, Clock.Scheduler, "1.2.3", Log);
    }

    public VirtualClock Clock { get; } = new();

    public RecordingLogger<HealthProjection> Log { get; } = new();

    public EventHub Hub { get; }

    public HealthProjection Health { get; }

    public void Dispose() => Health.Dispose();

    public IEnumerable<BrokerEvent> Published()
    {
        for (var sequence = 1L; sequence <= Hub.Log.Newest; sequence++)
        {
            Hub.Log.TryGet(sequence, out var envelope).ShouldBeTrue();
            yield return envelope.Event;
        }
    }

    public void BecomeReady() => BecomeReady(Hub);

    /// <summary>Publishes what makes a broker ready.</summary>
    public static void BecomeReady(EventHub hub)
    {
        hub.Publish(new ListenerConfigured(Endpoint));
        hub.Publish(Bound());
        hub.Publish(Heartbeat());
        hub.Publish(Probed());
        hub.Publish(CanarySucceeded());
        hub.Publish(Certificate(CertificateRole.Server, hub.StartedAt + TimeSpan.FromDays(365)));
        hub.Publish(new PhaseEntered(Phase.Ready));
    }
}
