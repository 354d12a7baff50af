using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;

namespace Cassini.Tests.Health.Checks;

/// <summary>The settings, to the tick.</summary>
public class ConfigurationCheckTests
{
    private static readonly ConfigurationLoaded Loaded = new([], []);
    private static readonly ConfigurationReloadFailed Failed = new("Broker:Access: 'x' is not a rule", 0);

    [Fact]
    public void Configuration_NothingReadsSettings_IsOff()
    {
        var fold = Healthy();

        fold[CheckNames.Configuration].Status.ShouldBe(HealthStatus.Off);
        fold[CheckNames.Configuration].Reason.ShouldBe(Reasons.ConfigurationOff);
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Configuration_ReloadFails_IsDegradedUntilOneSucceedsAndInNoProbe()
    {
        var fold = Healthy().At(1, Loaded);
        fold[CheckNames.Configuration].Status.ShouldBe(HealthStatus.Ok);

        fold.At(2, Failed);

        fold[CheckNames.Configuration].Status.ShouldBe(HealthStatus.Degraded);
        fold[CheckNames.Configuration].Reason.ShouldBe(Reasons.ConfigurationRefused);
        fold[CheckNames.Configuration].Message.ShouldBe("Broker:Access: 'x' is not a rule; the settings before stay in force");
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold.State.Facts.LastError!.Message.ShouldBe("settings: Broker:Access: 'x' is not a rule");

        fold.At(3, Loaded)[CheckNames.Configuration].Raw.ShouldBe(HealthStatus.Ok);
        var held = S(2) + fold.Policy.Hold;
        fold.QuietUntil(held - Instant)[CheckNames.Configuration].Status.ShouldBe(HealthStatus.Degraded);
        fold.Until(held)[CheckNames.Configuration].Status.ShouldBe(HealthStatus.Ok);
    }

    // Everything works, and what waits is named elsewhere.
    [Fact]
    public void Configuration_SettingsNeedARestart_IsOk()
    {
        var fold = Healthy().At(1, new ConfigurationLoaded([], ["a"]));

        fold[CheckNames.Configuration].Status.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Configuration].Reason.ShouldBeNull();
    }

    [Fact]
    public void Configuration_SeveralErrors_NamesTheFirstAndCountsTheRest()
    {
        var fold = Healthy().At(1, Loaded).At(2, Failed with { More = 2 });

        fold[CheckNames.Configuration].Message.ShouldBe("Broker:Access: 'x' is not a rule; and 2 more; the settings before stay in force");
    }
}
