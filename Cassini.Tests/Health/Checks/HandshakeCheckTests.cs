using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Facts;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>The share of refused handshakes.</summary>
public class HandshakeCheckTests
{
    [Fact]
    public void Handshake_OneOfOne_IsInTheSingular() =>
        Healthy(new HealthPolicy { HandshakeMinimum = 1 }).At(1, Refused(1))[CheckNames.Handshake].Message
            .ShouldBe("1 of 1 handshake refused in 60 s");

    [Fact]
    public void Handshake_MostRefused_IsDegradedOnlyWithEnoughVolume()
    {
        var fold = Healthy(new HealthPolicy { HandshakeMinimum = 20, HandshakeRefusedRatio = 0.5, LeaveRatio = 0.8, Hold = TimeSpan.Zero });
        for (var id = 1; id <= 19; id++)
        {
            fold.At(1, new ConnectionAccepted(id, Endpoint, "peer")).At(1, Refused(id));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
        fold.At(1, new ConnectionAccepted(20, Endpoint, "peer")).At(1, Refused(20));
        fold[CheckNames.Handshake].Reason.ShouldBe(Reasons.HandshakesRefused);
        fold.State.Verdicts.Ready.ShouldBeTrue();

        // 20 bad of 49 is 0.408: over 0.5 × 0.8, so it is not left yet; 20 of 50 is exactly 0.4 and leaves.
        for (var id = 21; id <= 49; id++)
        {
            fold.At(2, new ConnectionAccepted(id, Endpoint, "peer")).At(2, Completed(id));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
        fold.At(2, new ConnectionAccepted(50, Endpoint, "peer")).At(2, Completed(50));
        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Handshake_RefusalsLeaveTheWindow_IsOkExactlyThen()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero });
        for (var id = 1; id <= 20; id++)
        {
            fold.At(1, new ConnectionAccepted(id, Endpoint, "peer")).At(1, Refused(id));
        }

        fold.Until(S(61) - Instant)[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(61))[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Handshake_OneAddressIsRefusedAgainAndAgain_IsOkHoweverOften()
    {
        var fold = Healthy(new HealthPolicy { HandshakesPerAddress = 19 });
        for (var id = 1; id <= 500; id++)
        {
            fold.At(id * 0.1, Refused(id, HandshakeFailure.NotTls, $"192.0.2.7:{40_000 + id}"));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
        fold.At(51, Refused(501, HandshakeFailure.NotTls, "192.0.2.8:40000"));
        fold[CheckNames.Handshake].Message.ShouldBe("501 of 501 handshakes refused in 60 s; most, 500, from 192.0.2.7: NotTls");
    }

    [Fact]
    public void Handshake_OneIpv6Network_CountsAsOneAddress()
    {
        var fold = Healthy();
        for (var id = 1; id <= 100; id++)
        {
            fold.At(1, Refused(id, address: $"[2001:db8::{id:x}]:40000"));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
        fold.State.Facts.Handshakes.Addresses.ShouldHaveSingleItem().Address.ShouldBe("2001:db8::/64");
    }

    [Fact]
    public void Handshake_FourAddressesWithTheDefaults_AreEnough()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero });
        for (var id = 0; id < 20; id++)
        {
            fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
            fold.At(1, Refused(id, address: $"192.0.2.{id % 4}:40000"));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(61) - Instant)[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(61))[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
        fold.State.Facts.Handshakes.Addresses.ShouldBeEmpty();
    }

    /// <summary>Behind a proxy.</summary>
    [Fact]
    public void Handshake_OneAddressMayCountInFull_IsDegradedByIt()
    {
        var fold = Healthy(new HealthPolicy { HandshakesPerAddress = 20 });
        for (var id = 1; id <= 20; id++)
        {
            fold.At(1, Refused(id, address: $"192.0.2.1:{id}"));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public void Handshake_ThousandsOfAddresses_AreAllCountedInBoundedMemory()
    {
        var fold = Healthy();
        for (var id = 0; id < 3_000; id++)
        {
            fold.At(1, Completed(id)).At(1, Refused(id, address: $"10.0.{id / 250}.{id % 250}:1"));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok, "half of them succeeded");
        fold.At(1, Refused(3_000, address: "10.1.0.1:1"));
        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
        fold.State.Facts.Handshakes.Addresses.Length.ShouldBe(HandshakeFacts.MostAddresses);
    }

    [Theory]
    [InlineData(HandshakeFailure.BareProbe)]
    [InlineData(HandshakeFailure.Silent)]
    [InlineData(HandshakeFailure.Shutdown)]
    public void Handshake_PeersThatSentNothing_AreNoFailures(HandshakeFailure reason)
    {
        var fold = Healthy();
        for (var id = 1; id <= 100; id++)
        {
            fold.At(1, new ConnectionAccepted(id, Endpoint, "peer")).At(1, Refused(id, reason));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
    }
}
