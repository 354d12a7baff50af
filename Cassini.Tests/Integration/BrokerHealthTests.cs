using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Integration;

/// <summary>The whole broker: real sockets, real TLS, real probes, injected faults.</summary>
public class BrokerHealthTests
{
    [Fact]
    public async Task Start_GoodCertificatesAndFreePort_IsReadyWithEveryCheckOk()
    {
        await using var broker = await RunningBroker.ReadyAsync();

        broker.Now.Status.ShouldBe(HealthStatus.Ok);
        broker.Now.Phase.ShouldBe(Phase.Ready);
        broker.Now.Broker.Connectivity.ShouldBe(Connectivity.Ok);
        broker.Now.ActiveListeners.ShouldBe(0, "probes are in no count");
        broker.Now.LastConnection.ShouldBeNull();
        broker.Host.Connections.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Session_OpensAndCloses_IsInTheTableAndTheCountsBalance()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        var client = await broker.ConnectAsync("alice");

        broker.Host.Connections.List().ShouldHaveSingleItem().Identity.ShouldBe("alice");
        broker.Now.ActiveListeners.ShouldBe(1);
        broker.Now.LastConnection.ShouldNotBeNull();

        await client.DisposeAsync();
        await broker.BecomesAsync("the session is gone", snapshot => snapshot.ActiveListeners == 0);
        broker.Now.Counts.ShouldSatisfyAllConditions(
            counts => counts.Accepted.ShouldBe(1),
            counts => counts.Closed.ShouldBe(1),
            counts => counts.Anomalies.ShouldBe(0));
        broker.Host.Connections.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Bind_PortInUseThenFree_RecoversByItself()
    {
        using var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        squatter.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        squatter.Listen();
        var taken = (IPEndPoint)squatter.LocalEndPoint!;

        await using var broker = await RunningBroker.StartAsync(options => options with
        {
            Listener = options.Listener with { Endpoints = [new(IPAddress.Loopback, 0), new(IPAddress.Loopback, taken.Port)] },
        });
        broker.Now.Phase.ShouldBe(Phase.Ready);
        broker.Now.Ready.ShouldBeFalse();
        broker.Check(CheckNames.Bind).Reason.ShouldBe(Reasons.BindFailed);
        broker.Now.Endpoints[1].ShouldSatisfyAllConditions(
            endpoint => endpoint.State.ShouldBe(EndpointState.Failed),
            endpoint => endpoint.Error.ShouldBe("AddressAlreadyInUse"),
            endpoint => endpoint.Address.ShouldBe(taken.ToString()));
        broker.Now.LastError!.Message.ShouldContain(taken.ToString());

        squatter.Dispose();
        await broker.BecomesAsync("both endpoints serve", snapshot => snapshot.Ready);
        broker.Now.Endpoints.ShouldAllBe(endpoint => endpoint.State == EndpointState.Bound);
    }

    [Fact]
    public async Task Accept_StalledWithTheSocketBound_TurnsNotReadyAndRecovers()
    {
        await using var broker = await RunningBroker.ReadyAsync();

        broker.Host.Rehearsals.StallAccept(null).ShouldBeTrue();
        await broker.BecomesAsync("not ready", snapshot => !snapshot.Ready);
        broker.Check(CheckNames.Accept).Reason.ShouldBe(Reasons.AcceptStalled);
        broker.Check(CheckNames.Bind).Status.ShouldBe(HealthStatus.Ok);
        broker.Now.Live.ShouldBeTrue();

        broker.Host.Rehearsals.Resume();
        await broker.BecomesAsync("ready again", snapshot => snapshot.Ready);
    }

    [Fact]
    public async Task Endpoint_Closed_TurnsNotReadyAndResumes()
    {
        await using var broker = await RunningBroker.ReadyAsync();

        broker.Host.Rehearsals.CloseEndpoint(null).ShouldBeTrue();
        await broker.BecomesAsync("not ready", snapshot => !snapshot.Ready);
        broker.Check(CheckNames.Bind).Reason.ShouldBe(Reasons.EndpointClosed);

        broker.Host.Rehearsals.Resume();
        await broker.BecomesAsync("ready again", snapshot => snapshot.Ready);
    }

    [Fact]
    public async Task SessionCrash_OneClient_IsErrorForTheHoldAndNeverNotReady()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var victim = await broker.ConnectAsync("victim");
        await using var bystander = await broker.ConnectAsync("bystander");
        var id = broker.Host.Connections.List().Single(row => row.Identity == "victim").Id;

        broker.Host.Rehearsals.CrashConnection(id).ShouldBeTrue();
        await broker.BecomesAsync("the crash shows", snapshot => snapshot.Status == HealthStatus.Error);
        broker.Check(CheckNames.Supervision).Reason.ShouldBe(Reasons.Crashed);
        broker.Now.Ready.ShouldBeTrue();
        await broker.BecomesAsync("the victim is gone", snapshot => snapshot.ActiveListeners == 1);
        broker.Host.Connections.List().ShouldHaveSingleItem().Identity.ShouldBe("bystander");

        await broker.BecomesAsync("the hold is over", snapshot => snapshot.Status == HealthStatus.Degraded);
        broker.Check(CheckNames.Supervision).Reason.ShouldBe(Reasons.RecentCrashes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CoreCrash_OpenConnectionsSurviveAndNewClientsAreServedAgain(bool manager)
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var survivor = await broker.ConnectAsync("survivor");
        var before = broker.Events().Count(envelope => envelope.Event is Restarted);

        if (manager)
        {
            broker.Host.Rehearsals.CrashManager().ShouldBeTrue();
        }
        else
        {
            broker.Host.Rehearsals.CrashAcceptLoop(null).ShouldBeTrue();
        }

        await broker.BecomesAsync("not ready", snapshot => !snapshot.Ready);
        await Eventually.HoldsAsync("it is restarted", () => broker.Events().Count(envelope => envelope.Event is Restarted) > before);
        await using var newcomer = await broker.ConnectAsync("newcomer");
        broker.Host.Connections.List().Select(row => row.Identity).ShouldBe(["survivor", "newcomer"]);
        await broker.BecomesAsync("ready again", snapshot => snapshot.Ready);
        await survivor.WriteAsync(new byte[] { 1 });
    }

    [Fact]
    public async Task Supervision_CrashesOverTheLimit_GivesUpAndFailsLivez()
    {
        await using var broker = await RunningBroker.ReadyAsync(options => options with
        {
            Supervision = options.Supervision with { MaxCrashes = 2, InitialDelay = TimeSpan.FromMilliseconds(10) },
        });

        broker.Host.Rehearsals.CrashManager();
        await broker.HappensAsync<Restarted>("the manager is back");
        broker.Host.Rehearsals.CrashManager();
        await broker.HappensAsync<GaveUp>("the supervisor gives up");

        broker.Now.Live.ShouldBeFalse();
        broker.Now.Ready.ShouldBeFalse();
        broker.Check(CheckNames.Supervision).Reason.ShouldBe(Reasons.GaveUp);
    }

    [Fact]
    public async Task Certificate_SwappedUnderTraffic_ServesTheNewOneAndLosesNoSession()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var old = await broker.ConnectAsync("old");
        using var renewed = broker.Authority.IssueServer();
        broker.Authority.Write(broker.Directory, renewed);

        var loaded = await broker.HappensAsync<CertificateLoaded>(
            "the new certificate is loaded", e => e.Role == CertificateRole.Server && e.Fingerprint == Fingerprint(renewed));
        loaded.NotAfter.ShouldBe(renewed.NotAfter.ToUniversalTime());
        await using var young = await broker.ConnectAsync("young");

        young.RemoteCertificate!.GetRawCertData().ShouldBe(renewed.RawData);
        await old.WriteAsync(new byte[] { 1 });
        broker.Now.ActiveListeners.ShouldBe(2);
        broker.Now.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task Certificate_BadNewFile_KeepsTheOldAndSaysSoUntilMended()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        var path = Path.Combine(broker.Directory, Path.GetFileName(broker.Host.Options.Tls!.ServerChainPath));
        var good = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);

        await File.WriteAllTextAsync(path, "garbage", TestContext.Current.CancellationToken);
        await broker.BecomesAsync("the failure shows", snapshot => snapshot.Checks.Any(check => check.Reason == Reasons.ReloadFailed));
        broker.Now.Ready.ShouldBeTrue();
        await using (await broker.ConnectAsync())
        {
        }

        await File.WriteAllTextAsync(path, good, TestContext.Current.CancellationToken);
        await broker.BecomesAsync("mended", snapshot => snapshot.Checks.All(check => check.Reason != Reasons.ReloadFailed));
    }

    [Fact]
    public async Task Canary_Unconfigured_IsOffAndTheBrokerIsReady()
    {
        await using var broker = await RunningBroker.ReadyAsync(options => options with
        {
            Probing = options.Probing with { CanaryCertificatePath = null, CanaryKeyPath = null },
        });

        broker.Check(CheckNames.Canary).Status.ShouldBe(HealthStatus.Off);
        broker.Check(CheckNames.Canary).Message!.ShouldContain("certificate");
        broker.Now.Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public async Task Canary_OfAForeignCa_IsAnErrorAndInNoCount()
    {
        // A canary whose certificate comes from another CA is refused like anybody else: the check must see that with
        // TLS 1.3, where its own handshake succeeds before the broker has judged it.
        using var foreign = new Tls.TestAuthority("Foreign CA");
        using var directory = new TempDirectory();
        foreign.WriteClient(directory.Path, foreign.IssueClient("cassini-canary"), "canary");
        await using var broker = await RunningBroker.StartAsync(options => options with
        {
            Probing =
                options.Probing with { CanaryCertificatePath = directory.File("canary.pem"), CanaryKeyPath = directory.File("canary.key") },
        });

        await broker.BecomesAsync(
            "the canary fails", snapshot => snapshot.Checks.Any(check => check is { Name: CheckNames.Canary, Status: HealthStatus.Error }));
        broker.Now.Ready.ShouldBeFalse();
        broker.Now.Counts.Accepted.ShouldBe(0, "probe traffic is in no count, refused or not");
    }

    [Fact]
    public async Task Stop_OpenSessions_TellsEveryPhaseAndEveryTerminalEvent()
    {
        var broker = await RunningBroker.ReadyAsync();
        await using var client = await broker.ConnectAsync();

        await Eventually.CompletesAsync("the broker stops", broker.Host.StopAsync(TestContext.Current.CancellationToken));

        broker.Events().Select(envelope => envelope.Event).OfType<PhaseEntered>().Select(e => e.Phase)
            .ShouldBe([Phase.Starting, Phase.Ready, Phase.Draining, Phase.Stopped]);
        broker.Now.Counts.Open.ShouldBe(0);
        broker.Now.Counts.Accepted.ShouldBe(broker.Now.Counts.Closed);
        broker.Now.Phase.ShouldBe(Phase.Stopped);
        await broker.DisposeAsync();
        broker.Host.Hub.LateEvents.ShouldBe(0);
    }

    private static string Fingerprint(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) =>
        certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
}
