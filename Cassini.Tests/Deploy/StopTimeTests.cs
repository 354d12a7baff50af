using System.Globalization;
using System.Text.RegularExpressions;

namespace Cassini.Tests.Deploy;

/// <summary>The files say in comments how the time that they grant a stop adds up.</summary>
public partial class StopTimeTests
{
    [Theory]
    [InlineData("compose.yaml")]
    [InlineData("compose.fleet.yaml")]
    [InlineData("systemd/cassini.service")]
    [InlineData("systemd/fleet.conf")]
    [InlineData("kubernetes/deployment.yaml")]
    [InlineData("kubernetes/fleet/statefulset.yaml")]
    public void Comment_OfTheTimeForAStop_AddsUp(string file)
    {
        var text = DeployFiles.Read(file);
        var options = file.Contains("fleet", StringComparison.Ordinal)
            ? Defaults.Options with { Cluster = Defaults.Options.Cluster with { Servers = ["nats://127.0.0.1"] } }
            : Defaults.Options;

        Seconds(Drain().Match(text)).ShouldBe(options.LongestDrain);
        Seconds(Rest().Match(text)).ShouldBe(options.LongestStop - options.LongestDrain);
        Seconds(Spare().Match(text)).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(5));
        var parts = Parts().Matches(text);
        (parts.Count > 0 ? parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + Seconds(part))
            : Seconds(Drain().Match(text)) + Seconds(Rest().Match(text)) + Seconds(Spare().Match(text)))
            .ShouldBe(Seconds(Granted().Match(text)));
    }

    private static TimeSpan Seconds(Match match) =>
        TimeSpan.FromSeconds(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(\d+) s +(?:for )?the drain")]
    private static partial Regex Drain();

    [GeneratedRegex(@"(\d+) s +(?:for )?what may still run")]
    private static partial Regex Rest();

    [GeneratedRegex(@"(\d+) s +to spare")]
    private static partial Regex Spare();

    /// <summary>A sum with a line for each part.</summary>
    [GeneratedRegex(@"# +\+? +(\d+) s  ")]
    private static partial Regex Parts();

    [GeneratedRegex(@"(?:stop_grace_period: |TimeoutStopSec=|terminationGracePeriodSeconds: )(\d+)")]
    private static partial Regex Granted();
}
