using System.Diagnostics;
using System.Reactive;
using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Telemetry;

/// <summary>The spans of connecting, made from events.</summary>
public class ConnectionTracesTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly RecordedSpans _spans = new();
    private readonly ConnectionTraces _traces;
    private long _sequence;

    public ConnectionTracesTests() => _traces = new ConnectionTraces(
        _spans.Source, 1, Start, speaksMqtt: true, Observer.Create<TracedDelivery>(_ => { }));

    public void Dispose() => _spans.Dispose();

    [Fact]
    public void Connect_Accepted_GoesFromTheAcceptToConnackWithTheHandshakeWithin()
    {
        Apply(1, new ConnectionAccepted(7, "127.0.0.1:8883", "127.0.0.1:40000"));
        Apply(3, new HandshakeCompleted(7, "alice", "TLS 1.3", TimeSpan.FromSeconds(1.5)));
        Apply(4, new ConnectionOpened(7, "alice"));
        var during = Apply(5, new SessionOpened(7, "sensor", "alice", "MQTT 5.0", false));
        var later = Apply(9, new AccessDenied(7, "alice", "publish", "x", null));
        var last = Apply(10, new ConnectionClosed(7, CloseReason.PeerClosed, TimeSpan.FromSeconds(9), 10, 10));
        var after = Apply(11, new AccessDenied(7, "alice", "publish", "x", null));

        var connect = _spans.Ended.Single(span => span.OperationName == "connect");
        var handshake = _spans.Ended.Single(span => span.OperationName == "handshake");
        connect.StartTimeUtc.ShouldBe(Start.AddSeconds(1).UtcDateTime);
        connect.Duration.ShouldBe(TimeSpan.FromSeconds(4));
        connect.Kind.ShouldBe(ActivityKind.Server);
        connect.Status.ShouldBe(ActivityStatusCode.Unset);
        connect.GetTagItem("messaging.client.id").ShouldBe("sensor");
        connect.GetTagItem("tls.protocol.version").ShouldBe("1.3");
        connect.GetTagItem("network.protocol.version").ShouldBe("5.0");
        handshake.ParentSpanId.ShouldBe(connect.SpanId);
        handshake.StartTimeUtc.ShouldBe(Start.AddSeconds(1.5).UtcDateTime);
        handshake.Duration.ShouldBe(TimeSpan.FromSeconds(1.5));
        new[] { during, later, last }.ShouldAllBe(context => context!.Value.TraceId == connect.TraceId);
        after.ShouldBeNull();
    }

    [Theory]
    [InlineData(HandshakeFailure.UntrustedCertificate, ActivityStatusCode.Error, "untrustedCertificate")]
    [InlineData(HandshakeFailure.BareProbe, ActivityStatusCode.Unset, null)]
    public void Connect_HandshakeFails_EndsWithTheReason(HandshakeFailure reason, ActivityStatusCode status, string? type)
    {
        Apply(1, new ConnectionAccepted(7, "127.0.0.1:8883", "127.0.0.1:40000"));
        Apply(2, new HandshakeFailed(7, reason, null, TimeSpan.FromSeconds(1)));

        var connect = _spans.Ended.ShouldHaveSingleItem();
        connect.Status.ShouldBe(status);
        connect.GetTagItem("error.type").ShouldBe(type);
    }

    [Fact]
    public void Connect_Refused_IsAnErrorOnce()
    {
        Apply(1, new ConnectionAccepted(7, "127.0.0.1:8883", "127.0.0.1:40000"));
        Apply(2, new ClientRefused(7, "NotAuthorized", "no"));
        Apply(3, new ConnectionClosed(7, CloseReason.Refused, TimeSpan.FromSeconds(2), 10, 10));

        var connect = _spans.Ended.ShouldHaveSingleItem();
        connect.GetTagItem("error.type").ShouldBe("NotAuthorized");
        connect.Duration.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Connect_EventsAreMissing_IsForgotten()
    {
        Apply(1, new ConnectionAccepted(7, "127.0.0.1:8883", "127.0.0.1:40000"));
        _traces.Forget();

        Apply(2, new SessionOpened(7, "sensor", "alice", "MQTT 5.0", false)).ShouldBeNull();
        _spans.Ended.ShouldHaveSingleItem();
        Activity.Current.ShouldBeNull();
    }

    private ActivityContext? Apply(double elapsed, BrokerEvent happened) => _traces.Apply(new EventEnvelope(
        Epoch.StartingAt(Start), ++_sequence, Start.AddSeconds(elapsed), TimeSpan.FromSeconds(elapsed), happened));
}
