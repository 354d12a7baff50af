using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Cassini.Web.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Systemd;

/// <summary>The notifier over a real projection whose events the test publishes, and a real socket.</summary>
public sealed class SystemdNotifierTests : IDisposable
{
    private const string MoreTime = "EXTEND_TIMEOUT_USEC=120000000";
    private const int Unreachable = 2000;
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(20);
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Notifier_AbstractName_IsReached()
    {
        await using var manager = new NotifyReceiver($"@cassini-{Guid.NewGuid():N}");
        await using var rig = await ManagementRig.StartAsync();
        await using var notifier = Start(rig, manager);

        (await manager.MessageAsync(
            "the first status", line => line.StartsWith("STATUS=starting, error, not ready: ", StringComparison.Ordinal)))
            .ShouldNotContain("READY=1");
    }

    [Fact]
    public async Task Notifier_ReadyThenNotThenReadyAgain_TellsReadyOnce()
    {
        await using var manager = new NotifyReceiver(_directory.File("notify"));
        await using var rig = await ManagementRig.StartAsync();
        await using var notifier = Start(rig, manager);

        rig.BecomeReady();
        (await manager.MessageAsync("ready", "READY=1")).ShouldContain("STATUS=ready, ok\n");
        rig.Publish(new ListenerClosed(Happened.Endpoint, ListenerCloseReason.Rehearsal));
        var count = manager.Messages.Count;
        await manager.MessageAsync("an endpoint closed", line => line.StartsWith(
            "STATUS=ready, error, not ready: bind EndpointClosed: ", StringComparison.Ordinal));
        rig.Publish(Happened.Bound(), Happened.Probed());
        await manager.MessageAsync("ready again", "STATUS=ready, ok", after: count);

        manager.Messages.Count(message => message.Contains("READY=1", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Notifier_AMessageOfSeveralLines_StaysOneAssignment()
    {
        await using var manager = new NotifyReceiver(_directory.File("notify"));
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var notifier = Start(rig, manager);

        rig.Publish(new CertificateReloadFailed(CertificateRole.Server, "server.pem", "first\nSTOPPING=1\r\u001b[2J"));

        var message = await manager.MessageAsync(
            "the failed reload", line => line.StartsWith("STATUS=ready, degraded: certificate", StringComparison.Ordinal));
        message.ShouldNotContain('\n');
        message.ShouldNotContain('\u001b');
        message.ShouldContain(@"first\nSTOPPING=1");
    }

    [Fact]
    public async Task Notifier_Draining_TellsStoppingAndHowLongItMayTake()
    {
        await using var manager = new NotifyReceiver(_directory.File("notify"));
        await using var rig = await ManagementRig.StartReadyAsync();
        await using (Start(rig, manager))
        {
            rig.Publish(new PhaseEntered(Phase.Draining));
            (await manager.MessageAsync("stopping", "STOPPING=1")).Split('\n')[1..].ShouldBe(
                ["STOPPING=1", "EXTEND_TIMEOUT_USEC=20000000"]);
            rig.Publish(new PhaseEntered(Phase.Stopped));
        }

        // The last words are sent at the end, if they were not before.
        (await manager.MessageAsync("stopped", line => line.StartsWith("STATUS=stopped", StringComparison.Ordinal)))
            .ShouldBe("STATUS=stopped");
    }

    [Fact]
    public async Task Notifier_Reload_IsNotifiedOnlyWhileTheServiceRuns()
    {
        await using var manager = new NotifyReceiver(_directory.File("notify"));
        await using var rig = await ManagementRig.StartAsync();
        await using var notifier = Start(rig, manager);
        (await notifier.Notifier.ReloadingAsync()).ShouldBeFalse("it is being started");

        rig.BecomeReady();
        await manager.MessageAsync("ready", "READY=1");
        var before = Microseconds();
        (await notifier.Notifier.ReloadingAsync()).ShouldBeTrue();
        var reloading = await manager.MessageAsync("reloading", "RELOADING=1");
        var count = manager.Messages.Count;
        await notifier.Notifier.ReloadedAsync();
        (await manager.MessageAsync("reloaded", "READY=1", after: count)).ShouldBe("READY=1\nSTATUS=ready, ok");
        long.Parse(reloading.Split("MONOTONIC_USEC=")[1]).ShouldBeInRange(before, Microseconds());

        rig.Publish(new PhaseEntered(Phase.Draining));
        (await notifier.Notifier.ReloadingAsync()).ShouldBeFalse("it is being stopped");
    }

    [Fact]
    public async Task Notifier_Recovers_AsksForMoreTimeAgainAndAgainUntilItIsReady()
    {
        await using var rig = await ManagementRig.StartAsync();
        var name = _directory.File("notify");
        await using var manager = new NotifyReceiver(name);
        await using var notifier = Running.Start(rig, name, NullLogger.Instance, ("WATCHDOG_USEC", "20000"));
        rig.Publish(new PhaseEntered(Phase.Recovering));

        (await manager.MessageAsync("the status", line => line.StartsWith("STATUS=recovering", StringComparison.Ordinal)))
            .ShouldEndWith(MoreTime);
        var count = manager.Messages.Count;
        (await manager.MessageAsync("a sign", "WATCHDOG=1", after: count)).ShouldBe($"WATCHDOG=1\n{MoreTime}");

        rig.BecomeReady();
        count = manager.Messages.Count;
        await manager.MessageAsync("ready", "READY=1");
        await Eventually.BecomesAsync(
            "a ping alone", () => manager.Messages.Skip(count), messages => messages.Contains("WATCHDOG=1", StringComparer.Ordinal));
        manager.Messages[^1].ShouldNotContain(MoreTime);
    }

    // Half of a long watchdog's time would be more than the recovery has asked for.
    [Fact]
    public async Task Notifier_RecoversUnderALongWatchdog_AsksAgainBeforeTheTimeIsOver()
    {
        await using var rig = await ManagementRig.StartAsync();
        var name = _directory.File("notify");
        await using var manager = new NotifyReceiver(name);
        var clock = new VirtualClock();
        await using var notifier = Running.Start(rig, name, NullLogger.Instance, clock.Time, ("WATCHDOG_USEC", "3600000000"));
        rig.Publish(new PhaseEntered(Phase.Recovering));
        await manager.MessageAsync("the status", line => line.StartsWith("STATUS=recovering", StringComparison.Ordinal));
        var count = manager.Messages.Count;

        clock.AdvanceBy(TimeSpan.FromMinutes(1));

        (await manager.MessageAsync("a sign", "WATCHDOG=1", after: count)).ShouldBe($"WATCHDOG=1\n{MoreTime}");
    }

    [Fact]
    public async Task Notifier_NothingListens_GoesOnAndNotifiesALaterListener()
    {
        await using var rig = await ManagementRig.StartAsync();
        var name = _directory.File("notify");
        using var log = new RecordingLoggers();
        await using var notifier = Running.Start(rig, name, log);
        await Eventually.HoldsAsync("it is logged", () => log.Lines.Count == 1);
        rig.Publish(new PhaseEntered(Phase.Recovering));

        await using var manager = new NotifyReceiver(name);
        rig.BecomeReady();
        await manager.MessageAsync("ready", line => line.StartsWith("STATUS=ready", StringComparison.Ordinal));
        var line = log.Lines.ShouldHaveSingleItem();
        line.Text.ShouldStartWith("The service manager cannot be notified of STATUS=starting");
        line.Exception.ShouldBeOfType<SocketException>();
    }

    [Fact]
    public async Task Notifier_NotificationFailsInAnUnknownWay_IsLoggedAndPingsGoOn()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var name = _directory.File("notify");
        using var log = new RecordingLoggers();
        var failure = new InvalidOperationException("boom");
        log.Logged = line => _ = line.Id == Unreachable ? throw failure : 0;
        await using var notifier = Running.Start(rig, name, log, ("WATCHDOG_USEC", "20000"));
        await Eventually.HoldsAsync("it is logged", () => log.Lines.Any(line => line.Exception == failure));

        await using var manager = new NotifyReceiver(name);
        rig.Publish(new CertificateReloadFailed(CertificateRole.Server, "server.pem", "it is empty"));

        await manager.MessageAsync("a later status", line => line.StartsWith("STATUS=ready, degraded", StringComparison.Ordinal));
        await manager.MessageAsync("a ping", "WATCHDOG=1");
    }

    [Fact]
    public async Task Socket_ManagerThatDoesNotRead_IsNotWaitedFor()
    {
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var address = new UnixDomainSocketEndPoint(_directory.File("notify"));
        manager.Bind(address);
        using var log = new RecordingLoggers();
        var socket = new NotifySocket(address, TimeProvider.System, log);

        // As many as its queue takes, and one more.
        await Eventually.HoldsAsync("the queue is full", () =>
        {
            socket.SendAsync("STATUS=x").GetAwaiter().GetResult();
            return log.Lines.Count > 0;
        });

        var line = log.Lines.ShouldHaveSingleItem();
        line.Text.ShouldContain("STATUS=x: it does not read.");
        line.Exception.ShouldNotBeNull().ShouldBeAssignableTo<OperationCanceledException>();
        await Eventually.CompletesAsync("the next one is not waited for either", socket.SendAsync("WATCHDOG=1"));
        log.Lines.Count.ShouldBe(1);
    }

    private static long Microseconds() => TimeProvider.System.GetTimestamp() / (TimeProvider.System.TimestampFrequency / 1_000_000);

    private static Running Start(ManagementRig rig, NotifyReceiver manager) => Running.Start(rig, manager.Name, NullLogger.Instance);

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task _telling;

        private Running(SystemdNotifier notifier)
        {
            Notifier = notifier;
            _telling = notifier.RunAsync(_end.Token);
        }

        public SystemdNotifier Notifier { get; }

        public static Running Start(ManagementRig rig, string name, ILogger logger, params (string Name, string Value)[] more) =>
            Start(rig, name, logger, TimeProvider.System, more);

        public static Running Start(
            ManagementRig rig, string name, ILogger logger, TimeProvider time, params (string Name, string Value)[] more)
        {
            var environment = more.Append((NotifySettings.SocketVariable, name)).ToDictionary(pair => pair.Item1, pair => pair.Item2);
            var settings = NotifySettings.Read(environment, 1, [])!;
            return new Running(new SystemdNotifier(
                rig.Health, new NotifySocket(settings.Socket, TimeProvider.System, logger),
                settings.Watchdog, LongestStop, time, logger));
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await Eventually.CompletesAsync("the notifier ends", _telling);
            _end.Dispose();
        }
    }
}
