using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

[Collection(DashboardTests.Name)]
public class CertificateTests(DashboardBrowser browser)
{
    /// <summary>The page has no rule of its own for what is soon, or how bad it is.</summary>
    [Fact]
    public async Task Certificates_Judged_ShowTheBrokersOwnWord()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var now = rig.Hub.StartedAt;
        rig.Publish(
            Happened.Certificate(CertificateRole.Server, now.AddHours(20), TimeSpan.FromHours(24)),
            Happened.Certificate(CertificateRole.Authority, now.AddDays(13)),
            Happened.Certificate(CertificateRole.RevocationList, now.AddHours(1)),
            Happened.Certificate(CertificateRole.Management, now.AddHours(-25)));
        var page = await browser.OpenAsync(rig.Address);

        await ShowsAsync(page, "server", "ok", "server");
        await ShowsAsync(page, "authority", "degraded", "client CA");
        await ShowsAsync(page, "revocationList", "ok", "revocation list");
        await ShowsAsync(page, "management", "degraded", "management");
        (await page.TextAsync("[data-certificate=management] .status")).ShouldBe("expired");
        await page.HasNoErrorsAsync();
    }

    /// <summary>While one certificate is not well, no transition reports another.</summary>
    [Fact]
    public async Task Certificates_OneExpiresWhileThePageIsOpen_ShowsIt()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.Certificate(CertificateRole.Authority, rig.Hub.StartedAt.AddDays(-1)));
        var page = await browser.OpenAsync(rig.Address);
        await ShowsAsync(page, "authority", "error", "client CA");

        rig.Publish(
            Happened.Certificate(CertificateRole.Management, TimeProvider.System.GetUtcNow().AddSeconds(3), TimeSpan.FromSeconds(6)));
        await ShowsAsync(page, "management", "degraded", "management");
    }

    private static async Task ShowsAsync(DashboardPage page, string role, string status, string name)
    {
        await page.HasAsync($"{role} is {status}", $"[data-certificate={role}] .status[data-status={status}]", 1);
        (await page.TextAsync($"[data-certificate={role}] > :first-child")).ShouldBe(name);
    }
}
