using System.Text;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;
using static Microsoft.Extensions.Logging.LoggerFactoryExtensions;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Cassini.Tests.Health;

public sealed class HealthProjectionTests : IDisposable
{
    /// <summary>No component has no name: the fold throws.</summary>
    private static readonly Crashed Broken = new(new Component(ComponentKind.Service, null!), "", "", 1, null);
    private readonly VirtualClock _clock = new();
    private readonly RecordingLoggers _log = new();
    private readonly EventHub _hub;
    private readonly HealthProjection _projection;

    public HealthProjectionTests()
    {
        _hub = new EventHub(_clock.Time, logger: _log.CreateLogger<EventHub>());
        _projection = new HealthProjection(_hub, new HealthPolicy(), _clock.Scheduler, "1.2.3", _log.CreateLogger<HealthProjection>());
    }

    public void Dispose()
    {
        _projection.Dispose();
        _log.Dispose();
    }

    [Fact]
    public void Current_NothingFolded_IsTheSameObject()
    {
        _hub.Publish(Bound());

        _projection.Current.ShouldBeSameAs(_projection.Current);
        _projection.Current.Through.ShouldBe(_hub.LastSequence);
    }

    [Fact]
    public void Ticks_IdleStream_ChangeTheVerdictAtItsDeadline()
    {
        _hub.Publish(Heartbeat());
        _clock.AdvanceTo(S(4.9));
        Check(CheckNames.Manager).Status.ShouldBe(HealthStatus.Ok);

        _clock.AdvanceTo(S(5));
        Check(CheckNames.Manager).Reason.ShouldBe(Reasons.HeartbeatMissing);
        Check(CheckNames.Manager).Since.ShouldBe(_hub.StartedAt + S(5));
    }

    [Fact]
    public void Transition_IsPublishedBehindTheEventThatCausedIt()
    {
        _hub.Publish(new ListenerConfigured(Endpoint));
        _hub.Publish(BindFailed());

        _hub.Log.TryGet(_hub.LastSequence, out var envelope).ShouldBeTrue();
        var transition = envelope.Event.ShouldBeOfType<HealthChanged>();
        transition.Check.ShouldBe(CheckNames.Bind);
        transition.Evidence.ShouldBe([new EventId(_hub.Epoch, 2)]);
        transition.Revision.ShouldBe(_projection.Current.Revision);
        _projection.Current.LastError!.Message.ShouldBe("bind 127.0.0.1:8883: address already in use");
    }

    [Fact]
    public void Stale_TicksStop_ReadersFailClosedThoughEventsStillCome()
    {
        HealthChangesRig.BecomeReady(_hub);
        _projection.Current.Ready.ShouldBeTrue();
        _projection.StopTicks();
        Keep(S(5));
        _projection.Current.Ready.ShouldBeTrue();

        Keep(S(6));
        _projection.Current.Ready.ShouldBeFalse();
        _projection.Current.Status.ShouldBe(HealthStatus.Error);
        _projection.Current.Broker.Connectivity.ShouldBe(Connectivity.Unknown);
        Check(CheckNames.Projection).Reason.ShouldBe(Reasons.ProjectionStale);
        _projection.Current.Live.ShouldBeTrue("livez waits for its own, longer window");
        Keep(S(31));
        _projection.Current.Live.ShouldBeFalse();

        _projection.ResumeTicks();
        Keep(S(32));
        _projection.Current.Ready.ShouldBeTrue();
        _projection.Current.Broker.Connectivity.ShouldBe(Connectivity.Ok);
    }

    [Fact]
    public async Task WaitFor_ConditionComesTrue_CompletesWithThatSnapshot()
    {
        var ready = _projection.WaitForAsync(snapshot => snapshot.Ready, TestContext.Current.CancellationToken);
        ready.IsCompleted.ShouldBeFalse();

        HealthChangesRig.BecomeReady(_hub);

        (await Eventually.CompletesAsync("ready", ready)).Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task WaitFor_StalenessEnds_Completes()
    {
        HealthChangesRig.BecomeReady(_hub);
        _projection.StopTicks();
        Keep(S(6));
        var ready = _projection.WaitForAsync(snapshot => snapshot.Ready, TestContext.Current.CancellationToken);
        ready.IsCompleted.ShouldBeFalse();

        _projection.ResumeTicks();
        Keep(S(7));

        await Eventually.CompletesAsync("ready again", ready);
    }

    [Fact]
    public async Task WaitFor_Disposed_IsCancelled()
    {
        var never = _projection.WaitForAsync(_ => false, TestContext.Current.CancellationToken);
        _projection.Dispose();

        await Should.ThrowAsync<OperationCanceledException>(() => Eventually.CompletesAsync("the wait ends", never));
    }

    [Fact]
    public async Task Fold_Throws_IsPublishedCountedAndLoggedWithItsStackAndTurnsStale()
    {
        HealthChangesRig.BecomeReady(_hub);
        _hub.Publish(Broken);

        _hub.Log.TryGet(_hub.LastSequence, out var envelope).ShouldBeTrue();
        envelope.Event.ShouldBeOfType<Crashed>().Component.ShouldBe(new Component(ComponentKind.Observer, "health projection"));
        _hub.FoldFaults.ShouldBe(1);
        _clock.AdvanceTo(S(6));
        _projection.Current.IsStale.ShouldBeTrue();
        await Eventually.HoldsAsync("it is logged", () => !_log.Lines.IsEmpty);
        _log.Lines.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            line => (line.Id, line.Level).ShouldBe((1050, LogLevel.Error)),
            line => line.Exception.ShouldNotBeNull().StackTrace.ShouldNotBeNull().ShouldContain("Reduce"));
    }

    [Fact]
    public async Task Fold_ThrowsAndTheLogBlocks_NoPublisherWaitsForTheLog()
    {
        using var release = new ManualResetEventSlim();
        var ended = new TaskCompletionSource();
        _log.Logged = _ =>
        {
            release.Wait(Eventually.Deadline).ShouldBeTrue("the test releases the log");
            ended.SetResult();
        };

        var publisher = Task.Run(() => _hub.Publish(Broken));
        try
        {
            await Eventually.CompletesAsync("the publisher returns", publisher);
            _hub.Publish(Bound());
            _hub.Log.Newest.ShouldBe(_hub.LastSequence);
        }
        finally
        {
            release.Set();
            await Eventually.CompletesAsync("the log goes on", ended.Task);
        }
    }

    [Fact]
    public void Crash_OfAnExceptionThatQuotesMuch_IsBounded() =>
        Streams.Events.Crashed.Of(
            new Component(ComponentKind.Observer, "x"), new InvalidOperationException(new string('a', 10_000)), 1, null)
            .Message.ShouldBe(new string('a', 499) + "…");

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public void Crash_OfAnExceptionWithEmoji_IsCutBetweenTwoCharacters(string before)
    {
        var quoted = before + string.Concat(Enumerable.Repeat("\U0001F41F", 1_000));
        var message = Streams.Events.Crashed.Of(
            new Component(ComponentKind.Observer, "x"), new InvalidOperationException(quoted), 1, null).Message;

        message.EnumerateRunes().ShouldNotContain(Rune.ReplacementChar);
        quoted.ShouldStartWith(message[..^1]);
        message.Length.ShouldBeInRange(499, 500);
    }

    [Fact]
    public void Current_Stale_IsTheSameObjectUntilSomethingIsFolded()
    {
        _projection.StopTicks();
        _clock.AdvanceTo(S(6));

        _projection.Current.ShouldBeSameAs(_projection.Current);
    }

    [Fact]
    public void Snapshot_Json_RoundTrips()
    {
        HealthChangesRig.BecomeReady(_hub);
        var json = JsonSerializer.Serialize(_projection.Current, HealthJson.Snapshot);
        var read = JsonSerializer.Deserialize(json, HealthJson.Snapshot)!;

        JsonSerializer.Serialize(read, HealthJson.Snapshot).ShouldBe(json);
        read.Version.ShouldBe("1.2.3");
    }

    private CheckHealth Check(string name) => _projection.Current.Checks.Single(check => check.Name == name);

    /// <summary>Lets time pass with fresh evidence all along.</summary>
    private void Keep(TimeSpan until)
    {
        while (_clock.Elapsed < until)
        {
            _clock.AdvanceBy(S(0.5));
            _hub.Publish(Heartbeat());
            _hub.Publish(Probed());
            _hub.Publish(CanarySucceeded());
        }
    }
}
