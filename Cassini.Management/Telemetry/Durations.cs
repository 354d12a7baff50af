using System.Diagnostics.Metrics;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;

namespace Cassini.Management.Telemetry;

/// <summary>Durations from events, as histograms. It observes the hub, and the data plane does not know it.</summary>
internal sealed class Durations : IObserver<Delivery>
{
    private static readonly double[] Short = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly double[] Long = [0.1, 1, 10, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 604_800];

    private readonly Histogram<double> _handshakes;
    private readonly Histogram<double> _connections;
    private readonly Histogram<double> _sessions;
    private readonly Histogram<double> _canary;
    private readonly Histogram<double> _heartbeat;
    private readonly Histogram<double> _acceptProbe;
    private readonly Counter<long> _missed;

    public Durations(Meter meter)
    {
        _handshakes = Create(meter, "cassini.handshake.duration", "TLS handshakes that succeeded, from the client's first bytes.", Short);
        _connections = Create(meter, "cassini.connection.duration", "How long closed connections lived, from the accept.", Long);
        _sessions = Create(meter, "cassini.session.duration", "How long closed sessions were open.", Long);
        _canary = Create(meter, "cassini.canary.duration", "The canary's successful round trips, of the slowest endpoint.", Short);
        _heartbeat = Create(meter, "cassini.heartbeat.duration", "Round trips through the listener manager's own mailbox.", Short);
        _acceptProbe = Create(
            meter, "cassini.accept_probe.duration", "Bare connections to an endpoint, until its accept loop acknowledged.", Short);
        _missed = meter.CreateCounter<long>(
            "cassini.durations.missed", "{event}", "Events that the histograms missed because there were too many at once.");
        _missed.Add(0);
    }

    public void OnNext(Delivery value)
    {
        switch (value.Envelope?.Event)
        {
            case null: _missed.Add(value.Gap.To - value.Gap.From + 1); break;
            case HandshakeCompleted e:
                _handshakes.Record(e.Duration.TotalSeconds, new KeyValuePair<string, object?>("protocol", e.Protocol));
                break;
            case ConnectionClosed e: _connections.Record(e.Duration.TotalSeconds); break;
            case SessionClosed e: _sessions.Record(e.Duration.TotalSeconds); break;
            case CanarySucceeded e: _canary.Record(e.Total.TotalSeconds); break;
            case HeartbeatReceived e: _heartbeat.Record(e.RoundTrip.TotalSeconds); break;
            case AcceptProbed e: _acceptProbe.Record(e.RoundTrip.TotalSeconds); break;
        }
    }

    public void OnError(Exception error)
    {
        // The hub never fails; it completes.
    }

    public void OnCompleted()
    {
        // What was counted stays.
    }

    private static Histogram<double> Create(Meter meter, string name, string help, double[] bounds) =>
        meter.CreateHistogram(name, "s", help, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
