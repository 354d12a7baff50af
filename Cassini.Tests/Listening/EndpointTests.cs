using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Listening;

public class EndpointTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_PortInUse_TellsAndRetriesUntilItIsFree()
    {
        using var blocker = new TcpListener(IPAddress.Loopback, 0);
        blocker.Start();
        var taken = new EndpointAddress(IPAddress.Loopback, ((IPEndPoint)blocker.LocalEndpoint).Port);
        await using var rig = await ListeningRig.StartAsync(
            o => o with
            {
                Endpoints = [taken],
                BindRetryDelay = TimeSpan.FromMilliseconds(20),
                MaxBindRetryDelay = TimeSpan.FromMilliseconds(50),
            });

        var failures = await rig.Events.WaitForCountAsync<BindFailed>(4, "four failed attempts");
        failures[0].Error.ShouldBe(nameof(SocketError.AddressAlreadyInUse));
        failures.Take(4).Select(f => f.Attempt).ShouldBe([1, 2, 3, 4]);
        failures.Take(4).Select(f => f.RetryIn.TotalMilliseconds).ShouldBe([20, 40, 50, 50]);
        rig.Manager.Endpoints.Single().ShouldBe(new EndpointStatus(taken, null, EndpointState.Failed));

        blocker.Stop();
        (await rig.Events.WaitForAsync<ListenerBound>("the bind")).ShouldBe(new ListenerBound(taken.ToString(), taken.ToString()));
        rig.Manager.Endpoints.Single().ShouldBe(new EndpointStatus(taken, taken, EndpointState.Bound));
        rig.Events.Of<ListenerConfigured>().ShouldBe([new ListenerConfigured(taken.ToString())]);
        await using var client = await rig.OpenAsync();
    }

    [Fact]
    public async Task Restart_WithOldConnectionsInTimeWait_BindsAtOnce()
    {
        EndpointAddress address;
        await using (var rig = await ListeningRig.StartAsync())
        {
            address = rig.Manager.Endpoints[0].Bound!;
            var (client, opened) = await rig.OpenAndWaitAsync();
            rig.Manager.Disconnect(opened.ConnectionId); // the server closes first, so that the TIME_WAIT is on its side
            await rig.Events.WaitForAsync<ConnectionClosed>("the end");
            await client.DisposeAsync();
        }

        await using var again = await ListeningRig.StartAsync(o => o with { Endpoints = [address] });
        again.Events.Of<BindFailed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Endpoint_AllAddresses_TakesBothFamiliesAndNamesPlainAddresses()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var rig = await ListeningRig.StartAsync(o => o with { Endpoints = [new EndpointAddress(IPAddress.IPv6Any, 0)] });

        await using var four = await rig.OpenAsync(to: new IPEndPoint(IPAddress.Loopback, rig.Address.Port));
        await using var six = await rig.OpenAsync(to: new IPEndPoint(IPAddress.IPv6Loopback, rig.Address.Port));

        await rig.Events.WaitForCountAsync<ConnectionOpened>(2, "both connections");
        rig.Events.Of<ConnectionAccepted>().Select(accepted => IPEndPoint.Parse(accepted.RemoteAddress).Address)
            .ShouldBe([IPAddress.Loopback, IPAddress.IPv6Loopback], ignoreOrder: true);
    }

    [Fact]
    public async Task Endpoint_Ipv6Address_LeavesIpv4ToAnother()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var first = await ListeningRig.StartAsync();
        await using var rig = await ListeningRig.StartAsync(
            o => o with { Endpoints = [new EndpointAddress(IPAddress.IPv6Loopback, first.Address.Port)] });

        await using var six = await rig.OpenAsync(to: new IPEndPoint(IPAddress.IPv6Loopback, first.Address.Port));
        await rig.Events.WaitForAsync<ConnectionOpened>("the IPv6 connection");
    }

    [Fact]
    public async Task Endpoint_Ipv4AddressWithinIpv6_IsTheIpv4Address()
    {
        await using var rig = await ListeningRig.StartAsync(
            o => o with { Endpoints = [new EndpointAddress(IPAddress.Parse("::ffff:127.0.0.1"), 0)] });

        rig.Address.Address.ShouldBe(IPAddress.Loopback);
        await using var client = await rig.OpenAsync();
    }

    [Fact]
    public void Constructor_SameEndpointTwice_IsRefused() =>
        Should.Throw<ArgumentException>(() => new ListeningRig(o => o with { Endpoints = [ListeningRig.AnyPort, ListeningRig.AnyPort] }));

    [Fact]
    public async Task Accept_OutOfDescriptors_BacksOffAndIsOneEventForTheBurst()
    {
        var transport = new FailingTransport(SocketError.TooManyOpenSockets, failures: 12);
        await using var rig = await ListeningRig.StartAsync(
            o => o with { AcceptBackOff = TimeSpan.FromMilliseconds(1), MaxAcceptBackOff = TimeSpan.FromMilliseconds(4) },
            transport: transport);

        var (client, _) = await rig.OpenAndWaitAsync();

        var failures = rig.Events.Of<AcceptFailed>();
        failures.Count.ShouldBe(1);
        failures[0].ShouldBe(new AcceptFailed("127.0.0.1:0", "TooManyOpenSockets", 1, TimeSpan.FromMilliseconds(1)));
        transport.Failed.ShouldBe(12);
        rig.Events.Of<Crashed>().ShouldBeEmpty();
        await client.DisposeAsync();
    }

    // A peer that is gone without a word would otherwise stay for ever when its MQTT keep alive is 0.
    [Theory]
    [InlineData(60, 1)]
    [InlineData(7, 1)]
    [InlineData(0, 0)]
    public async Task Accept_Connection_HasTcpKeepAliveAsConfigured(int seconds, int expected)
    {
        var transport = new WatchedTransport();
        await using var rig = await ListeningRig.StartAsync(
            o => seconds == 60 ? o : o with { TcpKeepAlive = TimeSpan.FromSeconds(seconds) }, transport: transport);

        var (client, _) = await rig.OpenAndWaitAsync();

        var socket = transport.Accepted.ShouldHaveSingleItem();
        ((int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!).ShouldBe(expected);
        if (expected == 1)
        {
            Option(SocketOptionName.TcpKeepAliveTime).ShouldBe(seconds);
            Option(SocketOptionName.TcpKeepAliveInterval).ShouldBe(10);
            Option(SocketOptionName.TcpKeepAliveRetryCount).ShouldBe(6);
        }

        await client.DisposeAsync();

        int Option(SocketOptionName name) => (int)socket.GetSocketOption(SocketOptionLevel.Tcp, name)!;
    }

    [Fact]
    public async Task Accept_PeerWasGone_IsNoFailure()
    {
        await using var rig = await ListeningRig.StartAsync(transport: new FailingTransport(SocketError.ConnectionAborted, failures: 50));

        var (client, _) = await rig.OpenAndWaitAsync();

        rig.Events.Of<AcceptFailed>().ShouldBeEmpty();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Accept_SocketIsBroken_IsACrashAndBindsAgain()
    {
        await using var rig = await ListeningRig.StartAsync(transport: new FailingTransport(SocketError.NotSocket, failures: 1));

        await rig.Events.WaitForCountAsync<ListenerBound>(2, "the second bind");

        rig.Events.Of<Crashed>().Single().Component.ShouldBe(new Component(ComponentKind.AcceptLoop, "127.0.0.1:0"));
        rig.Events.Of<ListenerClosed>().ShouldBe([new ListenerClosed("127.0.0.1:0", ListenerCloseReason.Failed)]);
        await using var client = await rig.OpenAsync();
    }

    [Fact]
    public async Task CrashAcceptLoop_ClientInTheBacklog_IsServedAfterTheRestart()
    {
        await using var rig = await ListeningRig.StartAsync(
            restart: new() { InitialDelay = TimeSpan.FromMilliseconds(300), MaxDelay = TimeSpan.FromMilliseconds(300) });
        var (before, _) = await rig.OpenAndWaitAsync("before");
        var address = rig.Address;

        rig.Rehearsals.CrashAcceptLoop("127.0.0.1:1").ShouldBeFalse();
        rig.Rehearsals.CrashAcceptLoop(null).ShouldBeTrue();
        await rig.Events.WaitForAsync<Crashed>("the crash");
        var during = await rig.OpenAsync("during");
        await rig.Events.WaitForAsync<ConnectionOpened>("the connection after the crash", opened => opened.Identity == "during");

        var events = rig.Events.Events.ToList();
        events.FindIndex(e => e is Restarted).ShouldBeInRange(0, events.FindIndex(e => e is ConnectionAccepted { ConnectionId: 2 }));
        rig.Address.ShouldBe(address);
        rig.Events.Of<ListenerClosed>().ShouldBeEmpty();
        rig.Manager.OpenConnections.ShouldBe(2);
        await before.WriteAsync(new byte[1], Token);
        await during.DisposeAsync();
        await before.DisposeAsync();
    }

    [Fact]
    public async Task AcceptLoop_CrashesToTheLimit_ClosesItsSocketAndSaysSo()
    {
        await using var rig = await ListeningRig.StartAsync(restart: ListeningRig.QuickRestart with { MaxCrashes = 2 });
        rig.Rehearsals.CrashAcceptLoop(null);
        await rig.Events.WaitForAsync<Restarted>("the restart");
        rig.Rehearsals.CrashAcceptLoop(null);

        await rig.Events.WaitForAsync<GaveUp>("the surrender");
        (await rig.Events.WaitForAsync<ListenerClosed>("the close")).Reason.ShouldBe(ListenerCloseReason.Failed);
        rig.Manager.Endpoints.Single().State.ShouldBe(EndpointState.Closed);
    }

    [Fact]
    public async Task StallAndResume_ClientWaitsInTheBacklog_IsServedAfterwards()
    {
        await using var rig = await ListeningRig.StartAsync();
        rig.Rehearsals.StallAccept(null).ShouldBeTrue();
        var opening = rig.OpenAsync();
        using var probe = await rig.ConnectAsync();
        rig.Manager.Endpoints.Single().State.ShouldBe(EndpointState.Bound);
        rig.Manager.RestartStalledLoop(ListeningRig.AnyPort, new TimeoutException("stalled")).ShouldBeFalse();
        opening.IsCompleted.ShouldBeFalse();

        rig.Rehearsals.Resume();

        await using var client = await opening.Within("the connection after the resume");
        rig.Events.Of<Crashed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task CloseAndResume_ConnectionsLive_OnlyTheEndpointIsClosed()
    {
        await using var rig = await ListeningRig.StartAsync();
        var address = rig.Address;
        var (client, _) = await rig.OpenAndWaitAsync();

        rig.Rehearsals.CloseEndpoint("127.0.0.1:0").ShouldBeTrue();
        (await rig.Events.WaitForAsync<ListenerClosed>("the close")).Reason.ShouldBe(ListenerCloseReason.Rehearsal);
        rig.Manager.Endpoints.Single().State.ShouldBe(EndpointState.Closed);
        await Should.ThrowAsync<SocketException>(rig.ConnectAsync(address));
        await client.WriteAsync(new byte[1], Token);
        rig.Manager.OpenConnections.ShouldBe(1);

        rig.Rehearsals.Resume();
        await rig.Events.WaitForCountAsync<ListenerBound>(2, "the second bind");
        await using var again = await rig.OpenAsync("again");
        await client.DisposeAsync();
    }

    [Fact]
    public async Task RestartStalledLoop_LoopHangs_BindsAgain()
    {
        var transport = new HangingTransport();
        await using var rig = await ListeningRig.StartAsync(transport: transport);

        rig.Manager.RestartStalledLoop(ListeningRig.AnyPort, new TimeoutException("accept loop stalled")).ShouldBeTrue();

        (await rig.Events.WaitForAsync<Crashed>("the crash")).Message.ShouldBe("accept loop stalled");
        await rig.Events.WaitForCountAsync<ListenerBound>(2, "the second bind");
        await using var client = await rig.OpenAsync();
    }
}
