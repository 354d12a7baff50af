using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Listening;

/// <summary>Starts and stops of a manager that overlap, and endpoints whose sockets misbehave meanwhile.</summary>
public class StopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_AfterStopAccepting_IsRefused()
    {
        await using var rig = new ListeningRig();
        await rig.Manager.StopAcceptingAsync().Within("the stop");

        await Should.ThrowAsync<InvalidOperationException>(rig.Manager.StartAsync(Token));
    }

    [Fact]
    public async Task Stop_RacesWithStart_LeavesNoEndpointBound()
    {
        for (var round = 0; round < 50; round++)
        {
            await using var rig = new ListeningRig(options => options with { Endpoints = [.. Enumerable.Range(1, 8).Select(Loopback)] });
            var start = Task.Run(() => rig.Manager.StartAsync(Token), Token);
            await rig.Manager.StopAsync(Token).Within("the stop");
            await ((Task)start).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

            rig.Manager.Endpoints.ShouldAllBe(endpoint => endpoint.Bound == null);
            rig.Events.Of<ListenerClosed>().Count.ShouldBe(rig.Events.Of<ListenerBound>().Count);
        }
    }

    [Fact]
    public async Task StopAccepting_LoopDoesNotEnd_ClosesItsSocketAfterTheLimit()
    {
        var time = new ManualTimeProvider();
        var transport = new StubbornTransport();
        await using var rig = await ListeningRig.StartAsync(transport: transport, time: time);
        var listener = await transport.Listener.Within("the accept");

        var stop = rig.Manager.StopAcceptingAsync();
        await Eventually.HoldsAsync("the stop gives up waiting", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return stop.IsCompleted;
        });

        listener.SafeHandle.IsClosed.ShouldBeTrue();
        rig.Events.Of<ListenerClosed>().ShouldHaveSingleItem().Reason.ShouldBe(ListenerCloseReason.Shutdown);
        rig.Manager.Endpoints[0].State.ShouldBe(EndpointState.Closed);
        transport.Release();
    }

    [Fact]
    public async Task StopAccepting_LoopHasFailed_ClosesItsSocketAndLogsWhy()
    {
        var transport = new StubbornTransport();
        var log = new RecordingLogger<ListenerManager>();
        await using var rig = await ListeningRig.StartAsync(transport: transport, logger: log);
        rig.Events.Published = published =>
        {
            if (published is Crashed)
            {
                throw new NotSupportedException("no event");
            }
        };
        transport.Fail();
        await rig.Events.WaitForAsync<Crashed>("the crash that cannot be published");

        await rig.Manager.StopAcceptingAsync().Within("the stop");

        rig.Events.Of<ListenerClosed>().ShouldHaveSingleItem();
        var logged = log.Entries.Single(entry => entry.Exception is NotSupportedException);
        logged.Level.ShouldBe(LogLevel.Error);
        logged.Message.ShouldContain("127.0.0.1:0");
    }

    [Fact]
    public async Task Bind_SocketHasNoAddress_IsNotKept()
    {
        await using var rig = await ListeningRig.StartAsync(transport: new ClosedOnceTransport());

        rig.Events.Of<Crashed>().ShouldHaveSingleItem().Exception.ShouldBe(nameof(ObjectDisposedException));
        rig.Events.Of<ListenerBound>().ShouldHaveSingleItem();
        rig.Events.Of<ListenerClosed>().ShouldBeEmpty();
        await using var client = await rig.OpenAsync();
    }

    [Fact]
    public async Task Accept_OfAnAbandonedRun_IsClosed()
    {
        var transport = new LateTransport();
        await using var rig = await ListeningRig.StartAsync(
            transport: transport, restart: ListeningRig.QuickRestart with { AbandonAfter = TimeSpan.FromMilliseconds(1) });
        using var early = await rig.ConnectAsync();
        await transport.Held.Within("the accept that hangs");
        rig.Manager.RestartStalledLoop(ListeningRig.AnyPort, new TimeoutException("stalled")).ShouldBeTrue();
        await rig.Events.WaitForCountAsync<ListenerBound>(2, "the next run");

        transport.Release();

        (await early.ReceiveAsync(new byte[1], Token).AsTask().Within("the close")).ShouldBe(0);
        rig.Events.Of<ConnectionAccepted>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Stop_ClosingAnEndpointFails_EndsEverythingElse()
    {
        var time = new SweeperCount();

        // Its own end would throw what the stop threw.
        var rig = await ListeningRig.StartAsync(
            options => options with { Endpoints = [.. Enumerable.Range(1, 2).Select(Loopback)] }, time: time);
        using var certificates = rig.Certificates;
        time.Running.ShouldBe(1);
        var (client, opened) = await rig.OpenAndWaitAsync();
        await using var connection = client;
        var isBroken = true;
        rig.Events.Published = published =>
        {
            if (published is ListenerClosed && isBroken)
            {
                isBroken = false;
                throw new NotSupportedException("no event");
            }
        };

        await Should.ThrowAsync<NotSupportedException>(rig.Manager.StopAsync(Token).Within("the stop"));

        rig.Events.Of<ConnectionClosed>().ShouldHaveSingleItem().ConnectionId.ShouldBe(opened.ConnectionId);
        rig.Manager.Endpoints.ShouldAllBe(endpoint => endpoint.State == EndpointState.Closed);
        await Should.ThrowAsync<ChannelClosedException>(rig.Manager.PingAsync(Token));
        time.Running.ShouldBe(0, "the gate's sweeper");
    }

    private static EndpointAddress Loopback(int number) => new(new IPAddress([127, 0, 0, (byte)number]), 0);

    /// <summary>The system's time, and how many timers without a time of their own it has: the sweeper of a gate is one.</summary>
    private sealed class SweeperCount : TimeProvider
    {
        private int _running;

        public int Running => Volatile.Read(ref _running);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = System.CreateTimer(callback, state, dueTime, period);
            return dueTime == Timeout.InfiniteTimeSpan ? new Sweeper(this, timer) : timer;
        }

        private sealed class Sweeper : ITimer
        {
            private readonly SweeperCount _owner;
            private readonly ITimer _timer;
            private int _disposed;

            public Sweeper(SweeperCount owner, ITimer timer)
            {
                (_owner, _timer) = (owner, timer);
                Interlocked.Increment(ref owner._running);
            }

            public bool Change(TimeSpan dueTime, TimeSpan period) => _timer.Change(dueTime, period);

            public void Dispose()
            {
                _timer.Dispose();
                if (Interlocked.Exchange(ref _disposed, 1) == 0)
                {
                    Interlocked.Decrement(ref _owner._running);
                }
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }

    /// <summary>Real sockets whose accept ends when the test says so, and not when it is cancelled.</summary>
    private sealed class StubbornTransport : ISocketTransport
    {
        private readonly TaskCompletionSource<Socket> _listener = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Socket> Listener => _listener.Task;

        public Socket Listen(EndpointAddress address, int backlog) => SocketTransport.Instance.Listen(address, backlog);

        public async ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken)
        {
            _listener.TrySetResult(listener);
            await _released.Task;
            throw new OperationCanceledException(cancellationToken);
        }

        public void Release() => _released.SetResult();

        public void Fail() => _released.SetException(new InvalidOperationException("a bug"));
    }

    /// <summary>Real sockets whose first accept ends when the test says so, and not when it is cancelled.</summary>
    private sealed class LateTransport : ISocketTransport
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _accepts;

        public Task Held => _held.Task;

        public Socket Listen(EndpointAddress address, int backlog) => SocketTransport.Instance.Listen(address, backlog);

        public async ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _accepts) > 1)
            {
                return await SocketTransport.Instance.AcceptAsync(listener, cancellationToken);
            }

            var socket = await listener.AcceptAsync(CancellationToken.None);
            _held.SetResult();
            await _released.Task;
            return socket;
        }

        public void Release() => _released.SetResult();
    }

    /// <summary>Real sockets of which the first is closed before its address is read.</summary>
    private sealed class ClosedOnceTransport : ISocketTransport
    {
        private bool _wasClosed;

        public Socket Listen(EndpointAddress address, int backlog)
        {
            var socket = SocketTransport.Instance.Listen(address, backlog);
            if (!_wasClosed)
            {
                _wasClosed = true;
                socket.Dispose();
            }

            return socket;
        }

        public ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken) =>
            SocketTransport.Instance.AcceptAsync(listener, cancellationToken);
    }
}
