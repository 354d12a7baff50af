using Cassini.Streams.Events;
using Cassini.Streams.Probing;
using Cassini.Streams.Tls;
using Cassini.Tests.Listening;
using Cassini.Tests.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using static Cassini.Tests.Probing.Probers;

namespace Cassini.Tests.Probing;

/// <summary>The canary's certificate and the broker's.</summary>
public class CanaryIdentityTests
{
    [Fact]
    public async Task Canary_WithoutACertificate_PublishesOnceThatItIsOff()
    {
        await using var rig = await ListeningRig.StartAsync();

        await Probers.Of(rig, Quick).RunCanaryAsync(TestContext.Current.CancellationToken).Within("the canary's end");

        rig.Events.Of<CanaryDisabled>().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Canary_AnotherCertificateIsServed_IsAFailureOfItsOwn()
    {
        await using var rig = await ListeningRig.StartAsync();
        await using var other = await ListeningRig.StartAsync();

        var prober = new Prober(WithCanary(rig), rig.Manager, other.Store, rig.Events, TimeProvider.System, NullLogger<Prober>.Instance);
        await using var loop = new Loop(prober.RunCanaryAsync);

        (await rig.Events.WaitForAsync<CanaryFailed>("the failure")).ShouldSatisfyAllConditions(
            e => e.Stage.ShouldBe(CanaryStage.Certificate),
            e => e.Reason.ShouldBe(CanaryFailure.WrongCertificate));
    }

    [Fact]
    public async Task Canary_BrokerRefusesItsCertificate_ReportsTheBrokersReason()
    {
        await using var rig = await ListeningRig.StartAsync();
        using var foreign = new TestCertificates();
        var (certificate, key) = foreign.WriteClient("canary");

        var failed = await FirstFailureAsync(rig, Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key });

        failed.Reason.ShouldBe(CanaryFailure.Refused);
        failed.Detail.ShouldStartWith(nameof(HandshakeFailure.UntrustedCertificate));
        rig.Events.Of<HandshakeFailed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Canary_OwnCertificateExpired_DoesNotConnect()
    {
        await using var rig = await ListeningRig.StartAsync();
        var (certificate, key) = rig.Certificates.WriteClient("canary", validFor: TimeSpan.FromHours(-1));

        var failed = await FirstFailureAsync(rig, Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key });

        failed.Reason.ShouldBe(CanaryFailure.OwnCertificateExpired);
        failed.Endpoint.ShouldBeNull();
    }

    [Fact]
    public async Task Canary_OwnCertificateNotValidYet_DoesNotConnectAndSaysBothTimes()
    {
        await using var rig = await ListeningRig.StartAsync();
        var from = CertificateTimes.ToTheSecond(TimeProvider.System.GetUtcNow().AddHours(1));
        using var early = rig.Certificates.Authority.IssueClient("canary", new() { NotBefore = from });
        var (certificate, key) = rig.Certificates.Authority.WriteClient(rig.Certificates.Directory, early, "canary");

        var failed = await FirstFailureAsync(rig, Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key });

        failed.Reason.ShouldBe(CanaryFailure.OwnCertificateExpired);
        failed.Endpoint.ShouldBeNull();
        failed.Detail.ShouldContain($"'CN=canary' is not valid yet: not before {from:u}, and now it is ");
    }

    [Fact]
    public async Task Canary_OwnCertificateIsReplaced_UsesTheNewOne()
    {
        await using var rig = await ListeningRig.StartAsync();
        var (certificate, key) = rig.Certificates.WriteClient("canary", validFor: TimeSpan.FromHours(-1));
        await using var loop = RunCanary(rig, Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key });
        await rig.Events.WaitForAsync<CanaryFailed>("the expiry");

        rig.Certificates.WriteClient("canary");

        await rig.Events.WaitForAsync<CanarySucceeded>("the trip with the new certificate");
    }

    [Fact]
    public async Task Canary_ServersCertificateIsReloadedMeanwhile_IsNoFailure()
    {
        await using var rig = await ListeningRig.StartAsync();
        await using var loop = RunCanary(rig, WithCanary(rig) with { CanaryInterval = TimeSpan.FromMilliseconds(1) });
        for (var reload = 1; reload <= 20; reload++)
        {
            rig.Certificates.WriteServer();
            rig.Store.Load();
            await rig.Events.WaitForCountAsync<CanarySucceeded>(1, $"a trip after reload {reload}", after: rig.Events.LastSequence);
        }

        rig.Events.Of<CanaryFailed>().ShouldBeEmpty();
    }
}
