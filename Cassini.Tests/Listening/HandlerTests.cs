using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;

namespace Cassini.Tests.Listening;

public class HandlerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Handler_Returns_CompletesTheConnection()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new Handler(async (connection, token) =>
            await connection.Stream.WriteAsync("bye"u8.ToArray(), token)));
        await using var client = await rig.OpenAsync();

        var buffer = new byte[3];
        await client.ReadExactlyAsync(buffer, Token).AsTask().Within("the handler's bytes");

        buffer.ShouldBe("bye"u8.ToArray());
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).ShouldSatisfyAllConditions(
            e => e.Reason.ShouldBe(CloseReason.Completed),
            e => e.BytesSent.ShouldBe(3));
        rig.Manager.BytesSent.ShouldBe(3);
    }

    [Fact]
    public async Task Handler_Returns_ThePeersLateBytesAreNoReset()
    {
        // Time does not pass, so the wait for the peer does not end before the peer has closed.
        await using var rig =
            await ListeningRig.StartAsync(time: new ManualTimeProvider(), handler: new Handler(async (connection, token) =>
            await connection.Stream.WriteAsync("bye"u8.ToArray(), token)));
        var client = await rig.OpenAsync();

        var buffer = new byte[3];
        await client.ReadExactlyAsync(buffer, Token).AsTask().Within("the last words");
        (await client.ReadAsync(buffer, Token).AsTask().Within("the end")).ShouldBe(0);
        for (var chunk = 0; chunk < 64; chunk++)
        {
            await client.WriteAsync(new byte[1024], Token).AsTask().Within("bytes that are not read");
        }

        rig.Events.Of<ConnectionClosed>().ShouldBeEmpty();
        await client.DisposeAsync();
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Completed);
    }

    [Fact]
    public async Task Handler_Returns_APeerThatNeverClosesIsWaitedForButNotForLong()
    {
        var time = new ManualTimeProvider();
        await using var rig = await ListeningRig.StartAsync(time: time, handler: new Handler((_, _) => Task.CompletedTask));
        await using var client = await rig.OpenAsync();
        (await client.ReadAsync(new byte[1], Token).AsTask().Within("the end")).ShouldBe(0);

        await Eventually.HoldsAsync("the end", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return rig.Events.Of<ConnectionClosed>().Any();
        });
    }

    [Fact]
    public async Task Handler_Throws_CostsItsOwnConnectionAlone()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new Handler((connection, token) =>
            connection.Identity == "bad"
                ? throw new InvalidOperationException("a bug")
                : new DiscardHandler().HandleAsync(connection, token)));
        await using var good = await rig.OpenAsync("good");
        await rig.Events.WaitForAsync<ConnectionOpened>("the good connection");
        await using var bad = await rig.OpenAsync("bad");

        var crashed = await rig.Events.WaitForAsync<Crashed>("the crash");
        crashed.ShouldBe(new Crashed(new Component(ComponentKind.Connection, "2"), nameof(InvalidOperationException), "a bug", 1, null));
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).ShouldSatisfyAllConditions(
            e => e.ConnectionId.ShouldBe(2),
            e => e.Reason.ShouldBe(CloseReason.Crashed));
        await good.WriteAsync(new byte[1], Token);
        (await rig.Manager.PingAsync(Token).Within("the ping")).LiveConnections.ShouldBe(1);
    }

    [Fact]
    public async Task Handler_ThrowsItsOwnIoError_IsACrashAndNotThePeer()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new Handler((_, _) => throw new IOException("the disk is full")));
        await using var client = await rig.OpenAsync();

        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Crashed);
    }

    // What a handler's other threads find out must be able to end it as its own crash does.
    [Fact]
    public async Task Handler_ClosesItselfAsCrashed_IsACrashWithItsException()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new Handler(async (connection, token) =>
        {
            connection.Close(CloseReason.Crashed);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new InvalidOperationException("found out elsewhere");
        }));
        await using var client = await rig.OpenAsync();

        (await rig.Events.WaitForAsync<Crashed>("the crash")).Message.ShouldBe("found out elsewhere");
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Crashed);
    }

    [Fact]
    public async Task Handler_ClosesItselfAsCrashedAndDoesNotEnd_IsACrashThatNamesIt()
    {
        var never = new TaskCompletionSource();
        await using var rig = await ListeningRig.StartAsync(
            o => o with { CloseTimeout = TimeSpan.FromMilliseconds(50), QuarantineAfter = 1 },
            new Handler((connection, _) =>
            {
                connection.Close(CloseReason.Crashed);
                return never.Task;
            }));
        await using var client = await rig.OpenAsync();

        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Crashed);
        rig.Events.Of<Crashed>().ShouldHaveSingleItem().Message.ShouldContain("did not end");
        rig.Events.Of<IdentityQuarantined>().ShouldHaveSingleItem();
        never.SetResult();
    }

    [Fact]
    public async Task Handler_KeepsACrashAndDoesNotEnd_IsACrashWithItsException()
    {
        var never = new TaskCompletionSource();
        await using var rig = await ListeningRig.StartAsync(
            o => o with { CloseTimeout = TimeSpan.FromMilliseconds(50) },
            new Handler((connection, _) =>
            {
                connection.KeepCrash(new InvalidOperationException("found out elsewhere"));
                connection.Close(CloseReason.Crashed);
                return never.Task;
            }));
        await using var client = await rig.OpenAsync();

        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Crashed);
        rig.Events.Of<Crashed>().ShouldHaveSingleItem().Message.ShouldBe("found out elsewhere");
        never.SetResult();
    }

    [Fact]
    public async Task Handler_ReadsPastTheEnd_IsThePeersClose()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new Handler(async (connection, token) =>
            await connection.Stream.ReadExactlyAsync(new byte[10], token)));
        await using (var client = await rig.OpenAsync())
        {
            await client.WriteAsync(new byte[5], Token);
            await client.ShutdownAsync();
        }

        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.PeerClosed);
        rig.Events.Of<Crashed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Handler_IgnoresTheEnd_LosesItsSocketAndIsLeftBehind()
    {
        var never = new TaskCompletionSource();
        await using var rig = await ListeningRig.StartAsync(
            o => o with { CloseTimeout = TimeSpan.FromMilliseconds(50) },
            new Handler((_, _) => never.Task));
        var (client, opened) = await rig.OpenAndWaitAsync();

        rig.Manager.Disconnect(opened.ConnectionId).ShouldBeTrue();

        await Should.ThrowAsync<IOException>(client.ReadAsync(new byte[1], Token).AsTask().Within("the reset at the client"));
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Disconnected);
        never.SetException(new InvalidOperationException("late"));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Handler_LeftBehind_IsAskedToCloseItsSessionBeforeTheConnectionIsClosed()
    {
        var never = new TaskCompletionSource();
        ListeningRig? rig = null;
        var ends = -1;
        await using var running = rig = await ListeningRig.StartAsync(
            o => o with { CloseTimeout = TimeSpan.FromMilliseconds(50) },
            new Handler((connection, _) =>
            {
                connection.Abandoned = () =>
                {
                    ends = rig!.Events.Of<ConnectionClosed>().Count;
                    return Task.CompletedTask;
                };
                return never.Task;
            }));
        var (client, opened) = await rig.OpenAndWaitAsync();

        rig.Manager.Disconnect(opened.ConnectionId).ShouldBeTrue();

        await rig.Events.WaitForAsync<ConnectionClosed>("the end");
        ends.ShouldBe(0);
        never.SetResult();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Handler_LeftBehindAndCannotCloseItsSession_DoesNotKeepTheConnectionOpen()
    {
        var never = new TaskCompletionSource();
        await using var rig = await ListeningRig.StartAsync(
            o => o with { CloseTimeout = TimeSpan.FromMilliseconds(50) },
            new Handler((connection, _) =>
            {
                connection.Abandoned = () => never.Task;
                return never.Task;
            }));
        var (client, opened) = await rig.OpenAndWaitAsync();

        rig.Manager.Disconnect(opened.ConnectionId).ShouldBeTrue();

        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Disconnected);
        never.SetResult();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Handler_LeftBehindAndFailsToCloseItsSession_IsLoggedAndSoIsItsOwnFailure()
    {
        var never = new TaskCompletionSource();
        var log = new RecordingLogger<ListenerManager>();
        await using var rig = await ListeningRig.StartAsync(
            o => o with { CloseTimeout = TimeSpan.FromMilliseconds(50) },
            new Handler((connection, _) =>
            {
                connection.Abandoned = () => throw new NotSupportedException("no session");
                return never.Task;
            }),
            logger: log);
        var (client, opened) = await rig.OpenAndWaitAsync();

        rig.Manager.Disconnect(opened.ConnectionId).ShouldBeTrue();

        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Disconnected);
        rig.Events.Of<Crashed>().ShouldBeEmpty();
        never.SetException(new InvalidOperationException("late"));
        await Eventually.HoldsAsync("both are logged", () =>
            log.Entries.Any(entry => entry.Exception is NotSupportedException)
            && log.Entries.Any(entry => entry.Exception is InvalidOperationException { Message: "late" }));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Handler_OfAnotherProtocol_HasOneSessionOnEachConnection()
    {
        await using var rig = await ListeningRig.StartAsync();
        await using (await rig.OpenAsync("one"))
        await using (await rig.OpenAsync("two"))
        {
            await rig.Events.WaitForCountAsync<SessionOpened>(2, "both sessions");
        }

        await rig.Events.WaitForCountAsync<ConnectionClosed>(2, "both ends");
        rig.Events.Of<SessionOpened>().Select(e => e.Identity).ShouldBe(["one", "two"], ignoreOrder: true);
        rig.Events.Of<SessionClosed>().Select(e => (e.ConnectionId, e.Reason)).ShouldBe(
            rig.Events.Of<ConnectionClosed>().Select(e => (e.ConnectionId, e.Reason)), ignoreOrder: true);
        rig.Events.Of<SessionEnded>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Handler_WithSessionsOfItsOwn_OpensThemItself()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new HandlerWithSessions());
        await using var client = await rig.OpenAsync();

        await rig.Events.WaitForAsync<ConnectionClosed>("the end");
        rig.Events.Of<SessionOpened>().ShouldBeEmpty();
        rig.Events.Of<SessionClosed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task CrashConnection_HandlerWaitsForBytes_ThrowsIntoItsAwait()
    {
        var caught = new TaskCompletionSource<Exception>();
        await using var rig = await ListeningRig.StartAsync(handler: new Handler(async (connection, token) =>
        {
            try
            {
                await new DiscardHandler().HandleAsync(connection, token);
            }
            catch (Exception exception)
            {
                caught.SetResult(exception);
                throw;
            }
        }));
        rig.Rehearsals.CrashConnection(null).ShouldBeFalse();
        var (client, opened) = await rig.OpenAndWaitAsync();

        rig.Rehearsals.CrashConnection(opened.ConnectionId + 1).ShouldBeFalse();
        rig.Rehearsals.CrashConnection(null).ShouldBeTrue();

        (await caught.Task.Within("the exception in the handler")).ShouldBeOfType<RehearsalException>();
        (await rig.Events.WaitForAsync<Crashed>("the crash")).Exception.ShouldBe(nameof(RehearsalException));
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Crashed);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Quarantine_IdentityCrashesRepeatedly_IsRefusedAndOthersAreNot()
    {
        await using var rig = await ListeningRig.StartAsync(
            o => o with { QuarantineAfter = 2, QuarantineDuration = TimeSpan.FromMinutes(5) },
            new Handler((connection, token) =>
                connection.Identity == "bad"
                    ? throw new InvalidOperationException("a bug")
                    : new DiscardHandler().HandleAsync(connection, token)));
        for (var crash = 1; crash <= 2; crash++)
        {
            await using var bad = await rig.OpenAsync("bad");
            await rig.Events.WaitForCountAsync<ConnectionClosed>(crash, $"crash {crash}");
        }

        rig.Events.Of<IdentityQuarantined>().ShouldBe([new IdentityQuarantined("bad", 2, TimeSpan.FromMinutes(5))]);
        await using var refused = await rig.OpenAsync("bad");
        (await rig.Events.WaitForAsync<HandshakeFailed>("the refusal")).Reason.ShouldBe(HandshakeFailure.Quarantined);
        var (good, _) = await rig.OpenAndWaitAsync("good");
        await good.DisposeAsync();
    }

    [Fact]
    public async Task Quarantine_SiblingsConnectMeanwhile_NoneStaysOpen()
    {
        const int Siblings = 12;
        var crash = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = 0;
        await using var rig = await ListeningRig.StartAsync(
            o => o with { QuarantineAfter = 1, QuarantineDuration = TimeSpan.FromMinutes(5) },
            new Handler(async (connection, token) =>
            {
                if (Interlocked.Increment(ref first) == 1)
                {
                    await crash.Task;
                    throw new InvalidOperationException("a bug");
                }

                await new DiscardHandler().HandleAsync(connection, token);
            }));
        await using var bad = await rig.OpenAsync("bad");
        await rig.Events.WaitForAsync<ConnectionOpened>("the connection that crashes");

        var siblings = Enumerable.Range(0, Siblings).Select(_ => Task.Run(() => rig.OpenAsync("bad"))).ToList();
        await Task.WhenAny(siblings);
        crash.SetResult();

        await rig.Events.WaitForCountAsync<BrokerEvent>(1 + Siblings, "all verdicts", e => e is ConnectionOpened or HandshakeFailed);
        await Eventually.HoldsAsync("none is open", () => rig.Manager.OpenConnections == 0);
        foreach (var sibling in siblings)
        {
            await (await sibling).DisposeAsync();
        }
    }

    private sealed class HandlerWithSessions : ISessionHandler
    {
        public Task HandleAsync(Connection connection, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Memory that ran out is nobody's fault; each is a crash all the same.</summary>
    [Fact]
    public async Task Quarantine_CrashesForWantOfMemory_CountForNobody()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new Handler((_, _) => throw new OutOfMemoryException()));
        for (var crash = 1; crash <= 4; crash++)
        {
            await using var client = await rig.OpenAsync();
            await Eventually.HoldsAsync($"crash {crash}", () => rig.Events.Of<Crashed>().Count == crash);
        }

        rig.Events.Of<IdentityQuarantined>().ShouldBeEmpty();
    }

    private sealed class Handler(Func<Connection, CancellationToken, Task> handle) : IConnectionHandler
    {
        public Task HandleAsync(Connection connection, CancellationToken cancellationToken) => handle(connection, cancellationToken);
    }
}
