using Cassini.Management.Logging;
using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Management;

/// <summary>What the log says of refused peers, and how much of it. Time is the events'.</summary>
public sealed class RefusalLogTests : IDisposable
{
    private readonly RecordingLoggers _loggers = new();
    private readonly EventLogger _log;
    private long _sequence;

    public RefusalLogTests() => _log = new EventLogger(_loggers);

    public void Dispose() => _loggers.Dispose();

    [Theory]
    [InlineData(HandshakeFailure.NoCertificate, null, "connection 1: 192.0.2.7:40000 was refused: NoCertificate")]
    [InlineData(HandshakeFailure.NotTls, "plain HTTP", "connection 1: 192.0.2.7:40000 was refused: NotTls: plain HTTP")]
    [InlineData(
        HandshakeFailure.UntrustedCertificate, "CN=a\n2026 info: all is well\u001b[2J",
        @"connection 1: 192.0.2.7:40000 was refused: UntrustedCertificate: CN=a\n2026 info: all is well\u{1B}[2J")]
    public void Refusal_TheFirst_IsALineAtInformationWithTheAddress(HandshakeFailure reason, string? detail, string line)
    {
        At(0, Happened.Refused(1, reason, "192.0.2.7:40000", detail));

        Lines.ShouldBe([line]);
    }

    [Theory]
    [InlineData(HandshakeFailure.BareProbe)]
    [InlineData(HandshakeFailure.Silent)]
    [InlineData(HandshakeFailure.Shutdown)]
    public void NoRefusal_PeerThatSentNothing_IsAtDebug(HandshakeFailure reason)
    {
        At(0, Happened.Refused(1, reason, "192.0.2.7:40000"));

        Lines.ShouldBeEmpty();
        _loggers.Lines.ShouldHaveSingleItem().Level.ShouldBe(LogLevel.Debug);
    }

    [Fact]
    public void Refusals_OfOneAddressForOneReason_AreSummedUpLessAndLessOften()
    {
        // A poller that comes every three seconds for two hours.
        for (var second = 0; second < 7_200; second += 3)
        {
            At(second, Happened.Refused(second, HandshakeFailure.NotTls, $"192.0.2.7:{1_000 + second}", "plain HTTP"));
        }

        Lines[..3].ShouldBe(
        [
            "connection 0: 192.0.2.7:1000 was refused: NotTls: plain HTTP",
            "192.0.2.7 was refused 19 more times within 1 min: NotTls: plain HTTP",
            "192.0.2.7 was refused 40 more times within 2 min: NotTls: plain HTTP",
        ]);
        Lines.Count.ShouldBe(7);
    }

    [Fact]
    public void Refusals_AnotherReasonOrAddress_HaveLinesOfTheirOwn()
    {
        At(0, Happened.Refused(1, HandshakeFailure.NotTls, "192.0.2.7:1"));
        At(1, Happened.Refused(2, HandshakeFailure.NotTls, "192.0.2.7:2"));
        At(2, Happened.Refused(3, HandshakeFailure.NoCertificate, "192.0.2.7:3"));
        At(3, Happened.Refused(4, HandshakeFailure.NotTls, "192.0.2.8:4"));

        Lines.Count.ShouldBe(3);
    }

    [Fact]
    public void Refusal_AfterAQuietMinute_IsAFirstOneAgain()
    {
        At(0, Happened.Refused(1, address: "192.0.2.7:1"));
        At(59.9, Happened.Heartbeat());
        At(60, Happened.Heartbeat());
        At(61, Happened.Refused(2, address: "192.0.2.7:2"));

        Lines.Count.ShouldBe(2);
    }

    /// <summary>Time passes with any event, so a summary does not wait for the next refusal.</summary>
    [Fact]
    public void Summary_NoFurtherRefusal_ComesWithTheNextEventAfterTheMinute()
    {
        At(0, Happened.Refused(1, address: "192.0.2.7:1"));
        At(1, Happened.Refused(2, address: "192.0.2.7:2"));
        At(60, Happened.Heartbeat());

        Lines[^1].ShouldBe("192.0.2.7 was refused 1 more time within 1 min: UntrustedCertificate");
    }

    [Fact]
    public void Summary_TheEventsEnd_IsWrittenBefore()
    {
        At(0, Happened.Refused(1, address: "192.0.2.7:1"));
        At(4, Happened.Refused(2, address: "192.0.2.7:2"));
        _log.OnCompleted();

        Lines[1..].ShouldBe(["192.0.2.7 was refused 1 more time within 4 s: UntrustedCertificate"]);
    }

    [Fact]
    public void Summary_TheBrokerStops_IsWrittenBeforeItsLastWord()
    {
        At(0, Happened.Refused(1, address: "192.0.2.7:1"));
        At(1, Happened.Refused(2, address: "192.0.2.7:2"));
        At(5, new PhaseEntered(Phase.Stopped));
        _log.OnCompleted();

        Lines[1..].ShouldBe(["192.0.2.7 was refused 1 more time within 5 s: UntrustedCertificate", "phase Stopped"]);
    }

    [Fact]
    public void Refusals_OfThousandsOfAddresses_AreABoundedNumberOfLines()
    {
        for (var id = 0; id < 5_000; id++)
        {
            At(1, Happened.Refused(id, address: $"10.0.{id / 250}.{id % 250}:1"));
        }

        At(61, Happened.Heartbeat());
        Lines.Count.ShouldBe(RefusalLimit.Most + 1);
        Lines[^1].ShouldBe("many addresses are refused: others 4,936 more times within 1 min");
    }

    private List<string> Lines =>
        [.. _loggers.Lines.Where(line => line.Level >= LogLevel.Information).Select(line => line.Text)];

    private void At(double seconds, BrokerEvent happened)
    {
        _sequence++;
        var elapsed = TimeSpan.FromSeconds(seconds);
        var envelope = new EventEnvelope(Epoch.StartingAt(Fold.Start), _sequence, Fold.Start + elapsed, elapsed, happened);
        _log.OnNext(new TracedDelivery(Delivery.Of(envelope), null));
    }
}
