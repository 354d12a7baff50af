using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Listening;

public class QuarantineTests
{
    private static readonly ListenerOptions Options = new() { Endpoints = [ListeningRig.AnyPort] };
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Crashes_ToTheLimitWithinTheWindow_QuarantineForAnExactTime()
    {
        var quarantine = new Quarantine(Options, _time);
        quarantine.RecordCrash("x").ShouldBeNull();
        quarantine.RecordCrash("x").ShouldBeNull();
        quarantine.RemainingFor("x").ShouldBeNull();

        quarantine.RecordCrash("x").ShouldBe(new IdentityQuarantined("x", 3, TimeSpan.FromSeconds(30)));

        quarantine.RemainingFor("x").ShouldBe(TimeSpan.FromSeconds(30));
        quarantine.RemainingFor("y").ShouldBeNull();
        _time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(1));
        quarantine.RemainingFor("x").ShouldBe(TimeSpan.FromTicks(1));
        _time.Advance(TimeSpan.FromTicks(1));
        quarantine.RemainingFor("x").ShouldBeNull();
    }

    [Fact]
    public void Crashes_FurtherApartThanTheWindow_NeverQuarantine()
    {
        var quarantine = new Quarantine(Options, _time);
        for (var crash = 0; crash < 20; crash++)
        {
            quarantine.RecordCrash("x").ShouldBeNull();
            _time.Advance(Options.QuarantineWindow / 2);
        }
    }

    [Fact]
    public void Quarantines_OfTheSameIdentity_DoubleUpToTheLimitAndStartOverAfterGoodBehaviour()
    {
        var quarantine = new Quarantine(Options, _time);
        var seconds = new List<double>();
        for (var round = 0; round < 9; round++)
        {
            seconds.Add(CrashUntilQuarantined(quarantine).TotalSeconds);
            _time.Advance(quarantine.RemainingFor("x")!.Value);
        }

        seconds.ShouldBe([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        _time.Advance(Options.MaxQuarantineDuration);
        CrashUntilQuarantined(quarantine).ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void SwitchedOff_AnyCrashes_NeverQuarantine()
    {
        var quarantine = new Quarantine(Options with { QuarantineAfter = 0 }, _time);

        Enumerable.Range(0, 100).ShouldAllBe(_ => quarantine.RecordCrash("x") == null);
    }

    [Fact]
    public void Table_MoreIdentitiesThanItHolds_ForgetsTheOneThatCrashedLongestAgo()
    {
        var quarantine = new Quarantine(Options, _time);
        quarantine.RecordCrash("old");
        quarantine.RecordCrash("old");
        for (var i = 0; i < Quarantine.MaxIdentities; i++)
        {
            quarantine.RecordCrash($"new {i}");
        }

        quarantine.RecordCrash("old").ShouldBeNull();
        quarantine.RecordCrash($"new {Quarantine.MaxIdentities - 1}");
        quarantine.RecordCrash($"new {Quarantine.MaxIdentities - 1}").ShouldNotBeNull();
    }

    private static TimeSpan CrashUntilQuarantined(Quarantine quarantine)
    {
        while (true)
        {
            if (quarantine.RecordCrash("x") is { } quarantined)
            {
                return quarantined.Duration;
            }
        }
    }
}
