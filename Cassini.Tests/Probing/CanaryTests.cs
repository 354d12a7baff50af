using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Tests.Listening;
using Cassini.Tests.Supervision;
using static Cassini.Tests.Probing.Probers;

namespace Cassini.Tests.Probing;

/// <summary>The canary's round trips.</summary>
public class CanaryTests
{
    [Fact]
    public async Task Canary_AllIsWell_SucceedsAndLeavesNoTrace()
    {
        await using var rig = await ListeningRig.StartAsync(
            o => o with { Endpoints = [ListeningRig.AnyPort, new EndpointAddress(IPAddress.Any, 0)] });
        await using var loop = RunCanary(rig, WithCanary(rig));

        var trips = await rig.Events.WaitForCountAsync<CanarySucceeded>(3, "three trips");

        trips.ShouldAllBe(trip => trip.Handshake > TimeSpan.Zero && trip.Total == trip.Connect + trip.Handshake + trip.Session);
        rig.Events.Events.ShouldAllBe(e => e is CanarySucceeded || e.Category == EventCategory.Listener);
        (await rig.Manager.PingAsync(TestContext.Current.CancellationToken).Within("the ping")).LiveConnections.ShouldBe(0);
        rig.Manager.OpenConnections.ShouldBe(0);
    }

    [Fact]
    public async Task Canary_CertificateNamesWhereItsIssuerIs_AsksNobodyThere()
    {
        using var place = new TcpListener(IPAddress.Loopback, 0);
        place.Start();
        await using var rig = await ListeningRig.StartAsync();
        var issuer = new X509AuthorityInformationAccessExtension(null, [$"http://{place.LocalEndpoint}/ca.cer"]);
        using var server = rig.Certificates.Authority.IssueServer("localhost", new() { Extensions = [issuer] });
        rig.Certificates.Authority.Write(rig.Certificates.Directory, server);
        rig.Store.Look(isCertain: true);
        await using var loop = RunCanary(rig, WithCanary(rig));

        await rig.Events.WaitForAsync<CanarySucceeded>("the trip");

        place.Pending().ShouldBeFalse();
    }

    [Fact]
    public async Task Canary_EveryLimitReached_StillConnects()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxConnections = 1, MaxHandshakes = 1, MaxPending = 1 });
        var (client, _) = await rig.OpenAndWaitAsync();
        using var half = await rig.ConnectAsync();
        await half.SendAsync(new byte[] { 0x16, 0x03 }, TestContext.Current.CancellationToken);
        await rig.Events.WaitForCountAsync<ConnectionAccepted>(2, "the half hello");
        using var silent = await rig.ConnectAsync();
        await using var loop = RunCanary(rig, WithCanary(rig));

        await rig.Events.WaitForAsync<CanarySucceeded>("the trip");
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Canary_NothingIsBound_FailsWithThatReason()
    {
        await using var rig = await ListeningRig.StartAsync();
        rig.Rehearsals.CloseEndpoint(null);
        await rig.Events.WaitForAsync<ListenerClosed>("the close");

        (await FirstFailureAsync(rig, WithCanary(rig))).ShouldSatisfyAllConditions(
            e => e.Endpoint.ShouldBeNull(),
            e => e.Reason.ShouldBe(CanaryFailure.NothingBound));
    }

    [Fact]
    public async Task Canary_AcceptLoopIsStalled_TimesOut()
    {
        await using var rig = await ListeningRig.StartAsync();
        rig.Rehearsals.StallAccept(null);

        (await FirstFailureAsync(rig, WithCanary(rig) with { CanaryTimeout = TimeSpan.FromSeconds(1) })).ShouldSatisfyAllConditions(
            e => e.Endpoint.ShouldBe("127.0.0.1:0"),
            e => e.Stage.ShouldBe(CanaryStage.Handshake),
            e => e.Reason.ShouldBe(CanaryFailure.TimedOut));
    }

    [Fact]
    public async Task Canary_ManagerIsDown_TimesOut()
    {
        await using var rig = await ListeningRig.StartAsync(
            restart: new() { InitialDelay = TimeSpan.FromMinutes(5), MaxDelay = TimeSpan.FromMinutes(5) });
        rig.Rehearsals.CrashManager();
        await rig.Events.WaitForAsync<Crashed>("the crash");

        (await FirstFailureAsync(rig, WithCanary(rig) with { CanaryTimeout = TimeSpan.FromSeconds(1) })).Reason
            .ShouldBe(CanaryFailure.TimedOut);
    }

    [Fact]
    public async Task Canary_HandlerCrashesOnClients_StillSucceeds()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new CrashingHandler());
        await using var loop = RunCanary(rig, WithCanary(rig));

        await rig.Events.WaitForAsync<CanarySucceeded>("the trip");
        rig.Events.Of<Crashed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Canary_ConnectionClosesBeforeItsSession_FailsWithTheReason()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new SessionlessHandler());

        (await FirstFailureAsync(rig, WithCanary(rig))).ShouldSatisfyAllConditions(
            e => e.Stage.ShouldBe(CanaryStage.Session),
            e => e.Reason.ShouldBe(CanaryFailure.Refused),
            e => e.Detail.ShouldBe(nameof(CloseReason.Completed)));
    }

    /// <summary>Ends each connection before it has a session.</summary>
    private sealed class SessionlessHandler : ISessionHandler
    {
        public Task HandleAsync(Connection connection, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class CrashingHandler : IConnectionHandler
    {
        public Task HandleAsync(Connection connection, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");
    }
}
