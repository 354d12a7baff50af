using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Nats;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cluster;

/// <summary>The bus with real servers.</summary>
public class NatsBusTests
{
    private const int Connected = 1920;
    private const int Lost = 1921;
    private const int Unreachable = 1922;
    private const int HandlerFailed = 1925;
    private const int ListenerFailed = 1926;
    private const int Dropping = 1927;

    [Fact]
    public async Task Messages_OfMixedSizes_AllComeInTheirOrder()
    {
        const int Count = 100_000;
        const int Window = 5_000;
        await using var servers = await NatsServers.StartAsync();

        // No time passes, so that a machine under load does not look like a server that hangs.
        await using var sender = new RunningBus(servers.Addresses, time: new VirtualClock().Time);
        await using var receiver = new RunningBus(servers.Addresses, time: new VirtualClock().Time);
        var next = 0;
        var wrong = 0;
        using var subscription = receiver.Bus.Subscribe("t.order", message =>
        {
            var isRight = message.Length == SizeOf(next)
                && BinaryPrimitives.ReadInt32LittleEndian(message.Span) == next
                && !message.Span[sizeof(int)..].ContainsAnyExcept((byte)next);
            wrong += isRight ? 0 : 1;
            Volatile.Write(ref next, next + 1);
        });
        await receiver.ConnectedAsync();
        await sender.ConnectedAsync();
        var buffer = new byte[SizeOf(0)];
        for (var number = 0; number < Count; number++)
        {
            var least = number - Window;
            if (Volatile.Read(ref next) < least)
            {
                await Eventually.HoldsAsync($"{least} came", () => Volatile.Read(ref next) >= least);
            }

            var message = buffer.AsMemory(0, SizeOf(number));
            message.Span.Fill((byte)number);
            BinaryPrimitives.WriteInt32LittleEndian(message.Span, number);
            sender.Bus.TryPublish("t.order", message.Span).ShouldBeTrue();
        }

        await Eventually.HoldsAsync("all came", () => Volatile.Read(ref next) == Count);
        wrong.ShouldBe(0);
        (receiver.Bus.Dropped, sender.Bus.Unsent).ShouldBe((0, 0));

        // At most 11 MB in a window, which is less than may wait.
        static int SizeOf(int number) => (number % 1000) switch
        {
            0 => 500_000,
            < 50 => 32 << 10,
            _ => sizeof(int) + (number % 200),
        };
    }

    [Fact]
    public async Task Server_KilledAndRestarted_IsToldOnceEachAndSubscriptionsLiveAgain()
    {
        await using var servers = await NatsServers.StartAsync();
        await using var bus = new RunningBus(servers.Addresses);
        await bus.ConnectedAsync();
        var came = new ConcurrentQueue<string>();
        using var subscription = bus.Bus.Subscribe("t.a", message => came.Enqueue(Text(message)));
        await PublishAsync(bus.Bus, "t.a", "before");
        await Eventually.HoldsAsync("it came", () => came.Contains("before"));

        await servers.KillAsync(0);
        await Eventually.HoldsAsync("it is told", () => bus.Changes.Contains(null));
        bus.Bus.IsConnected.ShouldBeFalse();
        bus.Bus.TryPublish("t.a", "meanwhile"u8).ShouldBeFalse();
        await bus.LineAsync(Unreachable);
        await servers.StartAsync(0);
        await bus.ConnectedAsync(times: 2);
        bus.Bus.IsConnected.ShouldBeTrue();
        await PublishAsync(bus.Bus, "t.a", "after");
        await Eventually.HoldsAsync("it came", () => came.Contains("after"));

        came.ShouldBe(["before", "after"]);
        bus.Changes.ShouldBe([servers.Addresses[0], null, servers.Addresses[0]]);
        (bus.Count(Lost), bus.Count(Connected)).ShouldBe((1, 2));
        await bus.StopAsync();
        bus.Changes.Last().ShouldBeNull();
        bus.Count(Lost).ShouldBe(1);
    }

    [Fact]
    public async Task Cluster_OneServerKilled_TheBusGoesToAnother()
    {
        await using var servers = await NatsServers.StartAsync(3);
        await using var one = new RunningBus(servers.Addresses);
        await using var other = new RunningBus(servers.Addresses);
        var came = new ConcurrentQueue<string>();
        using var subscription = other.Bus.Subscribe("t.a", message => came.Enqueue(Text(message)));
        await one.ConnectedAsync();
        await other.ConnectedAsync();
        await ComesAsync("before");

        one.Changes.TryPeek(out var first).ShouldBeTrue();
        await servers.KillAsync(Array.IndexOf(servers.Addresses, first));
        await one.ConnectedAsync(times: 2);
        one.Changes.Last().ShouldNotBe(first);
        await ComesAsync("after");

        // The servers tell each other of subscriptions in their own time, so the first messages may be lost.
        Task ComesAsync(string text) => Eventually.HoldsAsync(text, () =>
        {
            one.Bus.TryPublish("t.a", Encoding.UTF8.GetBytes(text));
            return came.Contains(text);
        });
    }

    [Fact]
    public async Task Server_NotThereAtTheStart_IsWaitedFor()
    {
        await using var servers = NatsServers.Prepare();
        await using var bus = new RunningBus(servers.Addresses);
        var came = new ConcurrentQueue<string>();
        using var subscription = bus.Bus.Subscribe("t.a", message => came.Enqueue(Text(message)));
        var line = await bus.LineAsync(Unreachable);
        line.Level.ShouldBe(LogLevel.Warning);
        line.Text.ShouldBe($"'node' cannot connect to NATS, and keeps trying: {servers.Addresses[0]}: connection refused");
        bus.Bus.TryPublish("t.a", "too early"u8).ShouldBeFalse();
        bus.Changes.ShouldBeEmpty();

        await servers.StartAsync(0);
        await bus.ConnectedAsync();
        await PublishAsync(bus.Bus, "t.a", "in time");
        await Eventually.HoldsAsync("it came", () => !came.IsEmpty);
        came.ShouldBe(["in time"]);
        bus.Count(Lost).ShouldBe(0);
    }

    [Fact]
    public async Task Run_CancelledWhileItTries_Ends()
    {
        await using var servers = NatsServers.Prepare();
        await using var bus = new RunningBus(servers.Addresses);
        await bus.LineAsync(Unreachable);
        await bus.StopAsync();
        bus.Changes.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_CancelledWhileConnected_SendsWhatWasTakenBefore()
    {
        const int Count = 1000;
        await using var servers = await NatsServers.StartAsync();
        await using var receiver = new RunningBus(servers.Addresses);
        await using var sender = new RunningBus(servers.Addresses);
        var came = 0;
        using var subscription = receiver.Bus.Subscribe("t.a", _ => Interlocked.Increment(ref came));
        await receiver.ConnectedAsync();
        await sender.ConnectedAsync();
        for (var number = 0; number < Count; number++)
        {
            sender.Bus.TryPublish("t.a", "x"u8).ShouldBeTrue();
        }

        await sender.StopAsync();
        await Eventually.HoldsAsync("all came", () => Volatile.Read(ref came) == Count);
        sender.Bus.Unsent.ShouldBe(0);
        sender.Bus.TryPublish("t.a", "x"u8).ShouldBeFalse();
    }

    [Fact]
    public async Task Publish_ServerHangs_IsFalseAtTheBoundAndItIsLostWithTime()
    {
        await using var servers = await NatsServers.StartAsync();
        var clock = new VirtualClock();
        await using var bus = new RunningBus(servers.Addresses, time: clock.Time);
        await bus.ConnectedAsync();
        await servers.PauseAsync(0);
        var message = new byte[32 << 10];
        var taken = 0L;
        await Eventually.HoldsAsync("the outbox is full", () =>
        {
            while (bus.Bus.TryPublish("t.a", message))
            {
                taken += message.Length;
            }

            return taken >= NatsOutbox.Limit;
        });
        bus.Bus.IsConnected.ShouldBeTrue();
        bus.Bus.TryPublish("t.a", message).ShouldBeFalse();

        await Eventually.HoldsAsync("it is told", () =>
        {
            clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return bus.Changes.Contains(null);
        });
        (await bus.LineAsync(Lost)).Text.ShouldBe(
            $"'node' lost its connection to NATS at {servers.Addresses[0]}: no answer to a ping within 1.5 s");
        await Eventually.HoldsAsync("what waited is counted", () => bus.Bus.Unsent > 0);
        servers.Resume(0);
        await Eventually.HoldsAsync("it is connected again", () =>
        {
            clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return bus.Bus.IsConnected;
        });
    }

    [Fact]
    public async Task Publish_TooLargeForTheServer_IsFalse()
    {
        await using var servers = await NatsServers.StartAsync(more: "max_payload: 2000");
        await using var bus = new RunningBus(servers.Addresses, before: bus => bus.LargestMessage.ShouldBe(1 << 20));
        await bus.ConnectedAsync();
        bus.Bus.LargestMessage.ShouldBe(2000);
        bus.Bus.TryPublish("t.a", new byte[2001]).ShouldBeFalse();
        bus.Bus.TryPublish("t.a", new byte[2000]).ShouldBeTrue();
        bus.Bus.TryPublish("t.a", []).ShouldBeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("t. a")]
    [InlineData("t.a\r\nPUB x 0")]
    public void Publish_SubjectThatIsNone_Throws(string subject) => Should.Throw<ArgumentException>(
        () => new NatsBus(
            ["nats://127.0.0.1"], "node", "t.echo", new NatsOptions(), new Logger<NatsBus>(new RecordingLoggers()), TimeProvider.System)
            .TryPublish(subject, []));

    [Fact]
    public async Task Handler_Throws_IsLoggedAndCalledAgain()
    {
        await using var servers = await NatsServers.StartAsync();
        await using var bus = new RunningBus(servers.Addresses);
        var came = new ConcurrentQueue<string>();
        using var subscription = bus.Bus.Subscribe("t.a", message =>
        {
            came.Enqueue(Text(message));
            throw new InvalidOperationException("no");
        });
        await bus.ConnectedAsync();
        await PublishAsync(bus.Bus, "t.a", "1");
        await PublishAsync(bus.Bus, "t.a", "2");
        await Eventually.HoldsAsync("both came", () => came.Count == 2);
        came.ShouldBe(["1", "2"]);
        (await bus.LineAsync(HandlerFailed)).Exception!.Message.ShouldBe("no");
        bus.Count(Lost).ShouldBe(0);
    }

    [Fact]
    public async Task Handler_Slow_DelaysNoOtherAndDropsAreCounted()
    {
        const int Size = 1_000_000;
        const int Count = 100;
        await using var servers = await NatsServers.StartAsync();
        await using var bus = new RunningBus(servers.Addresses, time: new VirtualClock().Time);
        using var release = new ManualResetEventSlim();
        var slow = 0;
        var quick = 0;
        using var first = bus.Bus.Subscribe("t.slow", _ =>
        {
            release.Wait(TestContext.Current.CancellationToken);
            Interlocked.Increment(ref slow);
        });
        using var second = bus.Bus.Subscribe("t.quick", _ => Interlocked.Increment(ref quick));
        await bus.ConnectedAsync();
        var message = new byte[Size];
        for (var number = 1; number <= Count; number++)
        {
            var sent = number;
            await Eventually.HoldsAsync("it is taken", () => bus.Bus.TryPublish("t.slow", message));
            await PublishAsync(bus.Bus, "t.quick", "x");
            await Eventually.HoldsAsync("the quick one came", () => Volatile.Read(ref quick) == sent);
        }

        var kept = NatsSubscription.Limit / Size;
        bus.Bus.Dropped.ShouldBeInRange(Count - kept - 1, Count - kept + 1);
        bus.Count(Dropping).ShouldBe(1);
        release.Set();
        await Eventually.HoldsAsync("what was kept came", () => Volatile.Read(ref slow) == Count - bus.Bus.Dropped);
    }

    [Fact]
    public async Task Subscription_Disposed_GetsNoMore()
    {
        await using var servers = await NatsServers.StartAsync();
        await using var bus = new RunningBus(servers.Addresses);
        var came = new ConcurrentQueue<string>();
        var first = bus.Bus.Subscribe("t.a", message => came.Enqueue("first " + Text(message)));
        using var second = bus.Bus.Subscribe("t.a", message => came.Enqueue("second " + Text(message)));
        await bus.ConnectedAsync();
        await PublishAsync(bus.Bus, "t.a", "1");
        await Eventually.HoldsAsync("both came", () => came.Count == 2);
        first.Dispose();
        first.Dispose();
        await PublishAsync(bus.Bus, "t.a", "2");
        await Eventually.HoldsAsync("it came", () => came.Contains("second 2"));
        came.ShouldNotContain("first 2");
    }

    [Fact]
    public async Task Listener_Throws_IsLoggedAndTheBusGoesOn()
    {
        await using var servers = await NatsServers.StartAsync();
        await using var bus = new RunningBus(
            servers.Addresses, before: bus => bus.ConnectionChanged += _ => throw new InvalidOperationException("no"));
        (await bus.LineAsync(ListenerFailed)).Exception!.Message.ShouldBe("no");
        await PublishAsync(bus.Bus, "t.a", "x");
    }

    internal static string Text(ReadOnlyMemory<byte> message) => Encoding.UTF8.GetString(message.Span);

    internal static Task PublishAsync(IBus bus, string subject, string text) =>
        Eventually.HoldsAsync("it is taken", () => bus.TryPublish(subject, Encoding.UTF8.GetBytes(text)));
}
