using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Cassini.Tests.Health;

public class HealthProjectionTests : IDisposable
{
    private readonly VirtualClock _clock = new();
    private readonly RecordingLogger<HealthProjection> _log = new();
    private readonly EventHub _hub;
    private readonly HealthProjection _projection;

    public HealthProjectionTests()
    {
        _hub = new EventHub(_clock.Time);
        _projection = new HealthProjection(_hub, new HealthPolicy(), _clock.Scheduler, "1.2.3", _log);
    }

    public void Dispose() => _projection.Dispose();

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
        Serve();
        _projection.Current.Ready.ShouldBeTrue();
        _projection.StopTicks();
        Keep(S(5));
        _projection.Current.Ready.ShouldBeTrue();

        Keep(S(6));
        _projection.Current.Ready.ShouldBeFalse();
        _projection.Current.Status.ShouldBe(HealthStatus.Error);
        Check(CheckNames.Projection).Reason.ShouldBe(Reasons.ProjectionStale);
        _projection.Current.Live.ShouldBeTrue("livez waits for its own, longer window");
        Keep(S(31));
        _projection.Current.Live.ShouldBeFalse();

        _projection.ResumeTicks();
        Keep(S(32));
        _projection.Current.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task WaitFor_ConditionComesTrue_CompletesWithThatSnapshot()
    {
        var ready = _projection.WaitForAsync(snapshot => snapshot.Ready, TestContext.Current.CancellationToken);
        ready.IsCompleted.ShouldBeFalse();

        Serve();

        (await Eventually.CompletesAsync("ready", ready)).Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task WaitFor_StalenessEnds_Completes()
    {
        Serve();
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
    public void Fold_Throws_IsLoggedWithItsStackPublishedAndTurnsStale()
    {
        Serve();
        var broken = new Crashed(new Component(ComponentKind.Service, null!), "no component has no name", "", 1, null);

        _hub.Publish(broken);

        _hub.Log.TryGet(_hub.LastSequence, out var envelope).ShouldBeTrue();
        envelope.Event.ShouldBeOfType<Crashed>().Component.ShouldBe(new Component(ComponentKind.Observer, "health projection"));
        _log.Entries.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            entry => entry.Level.ShouldBe(LogLevel.Error),
            entry => entry.Exception.ShouldNotBeNull().StackTrace.ShouldNotBeNull().ShouldContain("Reduce"));
        _clock.AdvanceTo(S(6));
        _projection.Current.IsStale.ShouldBeTrue();
    }

    [Fact]
    public void Crash_OfAnExceptionThatQuotesMuch_IsBounded() =>
        Streams.Events.Crashed.Of(
            new Component(ComponentKind.Observer, "x"), new InvalidOperationException(new string('a', 10_000)), 1, null)
            .Message.Length.ShouldBe(501);

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
        Serve();
        var json = JsonSerializer.Serialize(_projection.Current, HealthJson.Snapshot);
        var read = JsonSerializer.Deserialize(json, HealthJson.Snapshot)!;

        JsonSerializer.Serialize(read, HealthJson.Snapshot).ShouldBe(json);
        read.Version.ShouldBe("1.2.3");
    }

    private CheckHealth Check(string name) => _projection.Current.Checks.Single(check => check.Name == name);

    private void Serve()
    {
        _hub.Publish(new ListenerConfigured(Endpoint));
        _hub.Publish(Bound());
        _hub.Publish(Heartbeat());
        _hub.Publish(Probed());
        _hub.Publish(CanarySucceeded());
        _hub.Publish(Certificate(CertificateRole.Server, _hub.StartedAt + TimeSpan.FromDays(365)));
        _hub.Publish(new PhaseEntered(Phase.Ready));
    }

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
