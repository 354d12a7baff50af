using Cassini.Management.Logging;
using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Management;

/// <summary>What the log says of clients that are refused after the handshake, and how much of it. Time is the events'.</summary>
public sealed class ClientLogTests : IDisposable
{
    private readonly RecordingLoggers _loggers = new();
    private readonly EventLogger _log;
    private long _sequence;

    public ClientLogTests() => _log = new EventLogger(_loggers);

    public static TheoryData<BrokerEvent, string> First => new()
    {
        { Refused(), "connection 1: a client of alice at 192.0.2.7:40000 was refused: NotAuthorized: no" },
        {
            Refused(identity: "a\n2026 info: all is well\u001b[2J"),
            @"connection 1: a client of a\n2026 info: all is well\u{1B}[2J at 192.0.2.7:40000 was refused: NotAuthorized: no"
        },
        {
            Violated(),
            "connection 1: a client of alice at 192.0.2.7:40000 broke the protocol: MalformedPacket [MQTT-2.1.3-1]: bad"
        },
        { Denied(), "connection 1: alice at 192.0.2.7:40000 was denied to publish t" },
        {
            new ClientRefused(1, "NotAuthorized", "no"),
            "connection 1: a client of an unknown identity at an unknown address was refused: NotAuthorized: no"
        },
    };

    public static TheoryData<BrokerEvent, string> Again => new()
    {
        {
            Refused(),
            "clients of alice were refused at least 19 more times within 1 min, the last one at 192.0.2.7:40000: NotAuthorized: no"
        },
        {
            Violated(),
            "clients of alice broke the protocol at least 19 more times within 1 min, the last one at 192.0.2.7:40000: "
            + "MalformedPacket [MQTT-2.1.3-1]: bad"
        },
        { Denied(), "alice was denied to publish at least 19 more times within 1 min, the last time at 192.0.2.7:40000: t" },
    };

    public void Dispose() => _loggers.Dispose();

    [Theory]
    [MemberData(nameof(First))]
    public void Client_TheFirstOfAnIdentity_IsALineAtInformationWithItsAddress(BrokerEvent happened, string line)
    {
        At(0, happened);

        Lines.ShouldBe([line]);
    }

    [Theory]
    [MemberData(nameof(Again))]
    public void Clients_OfOneIdentityForOneReason_AreSummedUpLessAndLessOften(BrokerEvent happened, string summary)
    {
        // A client that connects again every three seconds for two hours.
        for (var second = 0; second < 7_200; second += 3)
        {
            At(second, happened);
        }

        Lines.Count.ShouldBe(7);
        Lines[1].ShouldBe(summary);
        Lines[2].ShouldContain(" at least 40 more times within 2 min");
        _loggers.Lines.Count(line => line.Level == LogLevel.Debug).ShouldBe(2_399);
    }

    [Fact]
    public void Clients_OfAnotherIdentityOrForAnotherReason_HaveLinesOfTheirOwn()
    {
        At(0, Refused());
        At(1, Refused());
        At(2, Refused("ServerBusy"));
        At(3, Refused(identity: "bob"));
        At(4, Violated());
        At(5, Denied());
        At(6, Denied("subscribe"));

        Lines.Count.ShouldBe(6);
    }

    [Fact]
    public void Summary_TheBrokerStops_IsWrittenBeforeItsLastWord()
    {
        At(0, Refused());
        At(1, Refused());
        At(5, new PhaseEntered(Phase.Stopped));

        Lines[1..].ShouldBe(
        [
            "clients of alice were refused at least 1 more time within 5 s, the last one at 192.0.2.7:40000: NotAuthorized: no",
            "phase Stopped",
        ]);
    }

    [Fact]
    public void Clients_OfThousandsOfIdentities_AreABoundedNumberOfLines()
    {
        for (var id = 0; id < 5_000; id++)
        {
            At(1, Refused(identity: $"i{id}"));
            At(1, Violated($"i{id}"));
            At(1, Denied(identity: $"i{id}"));
        }

        At(61, Happened.Heartbeat());
        Lines.Count.ShouldBe(3 * (ClientLimit.Most + 1));
        Lines[^3..].ShouldBe(
        [
            "clients of many identities were refused: others at least 4,936 more times within 1 min",
            "clients of many identities broke the protocol: others at least 4,936 more times within 1 min",
            "clients of many identities were denied topics: others at least 4,936 more times within 1 min",
        ]);
    }

    private List<string> Lines =>
        [.. _loggers.Lines.Where(line => line.Level >= LogLevel.Information).Select(line => line.Text)];

    private static ClientRefused Refused(string reason = "NotAuthorized", string identity = "alice") =>
        new(1, reason, "no", identity, "192.0.2.7:40000");

    private static ProtocolViolated Violated(string identity = "alice") =>
        new(1, "MalformedPacket", "MQTT-2.1.3-1", "bad", identity, "192.0.2.7:40000");

    private static AccessDenied Denied(string action = "publish", string identity = "alice") =>
        new(1, identity, action, "t", null, "192.0.2.7:40000");

    private void At(double seconds, BrokerEvent happened)
    {
        _sequence++;
        var elapsed = TimeSpan.FromSeconds(seconds);
        var envelope = new EventEnvelope(Epoch.StartingAt(Fold.Start), _sequence, Fold.Start + elapsed, elapsed, happened);
        _log.OnNext(new TracedDelivery(Delivery.Of(envelope), null));
    }
}
