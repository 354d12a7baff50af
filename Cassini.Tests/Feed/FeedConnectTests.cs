using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Tests.Feed;

/// <summary>How a feed connects, and when it tries again.</summary>
public sealed class FeedConnectTests : IAsyncDisposable
{
    private readonly FeedRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public void Notes_NothingAnswers_RetriesAfterGrowingRandomPauses()
    {
        _rig.Follow(random: 0, until: 60);

        var pauses = _rig.Notes.OfType<FeedLost>().Select(note => note.RetryIn.TotalSeconds).ToList();
        pauses[..4].ShouldBe([0.025, 0.0275, 0.03025, 0.033275], tolerance: 1e-6);
        pauses[^1].ShouldBe(1, tolerance: 1e-6);
        _rig.Notes.Skip(1).ShouldAllBe(note => note is FeedLost);
        _rig.Notes.OfType<FeedLost>().Select(note => note.Snapshot).Distinct(ReferenceEqualityComparer.Instance).Count()
            .ShouldBe(1, "nothing changed");
    }

    [Fact]
    public void Notes_FeedsThatBreakAtOnce_AreRetriedSlowly()
    {
        for (var i = 0; i < 200; i++)
        {
            _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health())));
        }

        _rig.Follow(random: 1, until: 10);

        _rig.Transport.Asked.Count.ShouldBeLessThan(60);
    }

    [Fact]
    public void Notes_ConnectThatIsNeverAnswered_IsGivenUpAfterItsTime()
    {
        _rig.Transport.NeverAnswers();
        _rig.Follow(until: 9.9);
        _rig.Notes.Count.ShouldBe(1);

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(10));

        _rig.Last.ShouldBeOfType<FeedLost>().Detail.ShouldBe("not reachable (no answer in time)");
    }

    [Fact]
    public void Notes_AnOldIdToStartFrom_IsRequested()
    {
        _rig.Follow(options => options with { After = new EventId(new Epoch(7), 3), Categories = [EventCategory.Listener] });

        _rig.Transport.Asked[0].ShouldBe("0000000000000007-3");
        _rig.Transport.Categories[0].ShouldBe([EventCategory.Listener, EventCategory.Health]);
    }

    [Fact]
    public void Snapshots_FeedComesAndGoes_IsUnknownInBetweenAndNeverStale()
    {
        _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health())), (2, FeedText.Heartbeat(10)));
        _rig.Transport.Fails(FeedLoss.Busy, "serves no feed now");
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health(through: 12))));
        var seen = new List<(double At, HealthStatus Status)>();
        using var feed = _rig.Feed();
        using var subscription = feed.Snapshots.Subscribe(health => seen.Add((_rig.Clock.Elapsed.TotalSeconds, health.Status)));
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(3));

        seen.Select(step => step.Status)
            .ShouldBe([HealthStatus.Unknown, HealthStatus.Ok, HealthStatus.Unknown, HealthStatus.Unknown, HealthStatus.Ok]);
        seen[2].At.ShouldBe(2);
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("ftp://a:1")]
    public void New_AddressOfNoManagement_IsRefused(string address) =>
        Should.Throw<ArgumentException>(() => new HealthFeed(new Uri(address, UriKind.RelativeOrAbsolute)));

    [Fact]
    public void New_OptionsOutOfRange_AreRefused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => _rig.Feed(options => options with { ConnectTimeout = TimeSpan.Zero }));
        Should.Throw<ArgumentOutOfRangeException>(() => _rig.Feed(options => options with { FirstRetry = TimeSpan.Zero }));
        Should.Throw<ArgumentOutOfRangeException>(() => _rig.Feed(options => options with { LongestRetry = TimeSpan.FromMilliseconds(1) }));
    }
}
