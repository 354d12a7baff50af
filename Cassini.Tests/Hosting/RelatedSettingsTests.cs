using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Probing;
using Cassini.Streams.Supervision;

namespace Cassini.Tests.Hosting;

/// <summary>Values that are wrong by themselves meet the rules between settings.</summary>
public class RelatedSettingsTests
{
    public static TheoryData<string> Longest =>
        ["HeartbeatInterval", "AcceptProbeInterval", "AcceptProbeTimeout", "CanaryInterval", "CanaryTimeout"];

    [Theory]
    [MemberData(nameof(Longest))]
    public void Validate_LongestDurationThereIs_IsOneErrorThatNamesIt(string name)
    {
        var probing = new ProbingOptions();
        typeof(ProbingOptions).GetProperty(name)!.SetValue(probing, TimeSpan.MaxValue);

        Errors(new CassiniOptions { Probing = probing }).ShouldHaveSingleItem().ShouldStartWith($"Probing:{name}: ");
    }

    [Fact]
    public void Validate_LongestTickThereIs_IsOneErrorThatNamesIt() =>
        HealthPolicyValidator.Validate(new HealthPolicy { Tick = TimeSpan.MaxValue }).Select(error => $"{error}").ShouldHaveSingleItem()
            .ShouldStartWith("Health:Tick: ");

    [Fact]
    public void Validate_NotANumber_IsInNoRange() =>
        Errors(new CassiniOptions
        {
            Health = new HealthPolicy { LeaveRatio = double.NaN, HandshakeRefusedRatio = double.NaN },
            Supervision = new RestartPolicy { Factor = double.NaN },
        }).Select(error => error.Split(' ')[0]).ShouldBe(["Health:LeaveRatio:", "Health:HandshakeRefusedRatio:", "Supervision:Factor:"]);

    [Fact]
    public void Validate_TwoRulesBrokenAtOnce_TellsBoth() =>
        Errors(new CassiniOptions
        {
            Probing = new ProbingOptions { HeartbeatInterval = TimeSpan.FromSeconds(3), CanaryInterval = TimeSpan.FromSeconds(26) },
        })
            .Select(error => error.Split(' ')[0]).ShouldBe(["Probing:HeartbeatInterval:", "Probing:CanaryInterval:"]);

    private static List<string> Errors(CassiniOptions options) =>
        [.. CassiniOptionsValidator.Validate(options).Select(error => $"{error}")];
}
