using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Tests.Health;

namespace Cassini.Tests.Management;

/// <summary>A file with several CAs: each is listed, and the metrics have one series for each role.</summary>
public class SeveralAuthoritiesTests
{
    [Fact]
    public async Task Certificates_SeveralAuthorities_AreEachListedAndOneSeries()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var end = TimeProvider.System.GetUtcNow().AddDays(100);
        rig.Publish(Happened.Certificate(CertificateRole.Server, end));
        rig.Publish(Happened.Certificate(CertificateRole.Authority, end.AddDays(1)) with { Subject = "CN=old" });
        rig.Publish(Happened.Certificate(CertificateRole.Authority, end.AddDays(2)) with { Subject = "CN=new" });
        var month = TimeSpan.FromDays(30);
        rig.Publish(Happened.Certificate(CertificateRole.Authority, end.AddDays(900), month) with { Subject = "CN=future" });

        using var listed = JsonDocument.Parse(await rig.GetTextAsync("/certificates"));
        var metrics = await rig.GetTextAsync("/metrics");

        listed.RootElement.EnumerateArray()
            .Where(certificate => certificate.GetProperty("role").GetString() == "authority")
            .Select(certificate => certificate.GetProperty("subject").GetString())
            .ShouldBe(["CN=old", "CN=new", "CN=future"]);
        var series = metrics.Split('\n')
            .Where(line => line.StartsWith("cassini_certificate_not_after_timestamp_seconds{", StringComparison.Ordinal)
                && line.Contains("authority", StringComparison.Ordinal))
            .ShouldHaveSingleItem();
        series.ShouldContain($"{end.AddDays(2).ToUnixTimeSeconds()}");
    }
}
