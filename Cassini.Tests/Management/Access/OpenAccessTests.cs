using System.Net;
using Cassini.Management.Http;

namespace Cassini.Tests.Management.Access;

public class OpenAccessTests
{
    private static readonly ManagementOptions Rehearsing = new() { EnableFaults = true };

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:9090")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10:1")]
    [InlineData("[::1]")]
    [InlineData("[::1]:9090")]
    public async Task Write_HostIsThisMachine_IsAllowed(string host)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);

        (await rig.SendAsync(HttpMethod.Post, "/faults/crash-manager", null, ("Host", host))).StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:9090")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("0.0.0.0")]
    [InlineData("192.168.1.1")]
    [InlineData("[::2]")]
    public async Task Write_HostIsAnotherName_IsRefused(string host)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);
        using var post = await rig.SendAsync(HttpMethod.Post, "/faults/crash-manager", null, ("Host", host));
        using var delete = await rig.SendAsync(HttpMethod.Delete, $"/connections/{FakeListeners.Connection}", null, ("Host", host));

        post.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        delete.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await post.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("is not this machine");
        rig.Listeners.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "banana")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "http://localhost:1")]
    [InlineData("Origin", "https://localhost:9090")]
    public async Task Write_FromAnotherSite_IsRefused(string header, string value)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);
        using var response = await rig.SendAsync(
            HttpMethod.Post, "/faults/crash-manager", null, ("Host", "localhost:9090"), (header, value));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("site");
        rig.Listeners.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "http://localhost:9090")]
    public async Task Write_FromOurOwnPage_IsAllowed(string header, string value)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);

        (await rig.SendAsync(HttpMethod.Post, "/faults/crash-manager", null, ("Host", "localhost:9090"), (header, value)))
            .StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Write_FromOurOwnPageBehindAProxyThatEndsTls_IsAllowed()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { AllowedHosts = ["cassini.example"] });
        using var response = await rig.SendAsync(
            HttpMethod.Delete, $"/connections/{FakeListeners.Connection}", null,
            ("Host", "cassini.example"), ("Origin", "https://cassini.example"), ("Sec-Fetch-Site", "same-origin"));

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        rig.Listeners.Calls.ShouldBe([$"disconnect {FakeListeners.Connection}"]);
    }

    /// <summary>Only the browser's own word stands in for the comparison: not its absence, and not another.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("none")]
    [InlineData("same-site")]
    [InlineData("same-origin, cross-site")]
    public async Task Write_OriginOfAnotherScheme_IsRefusedUnlessTheBrowserVouches(string? site)
    {
        await using var rig = await ManagementRig.StartReadyAsync(Rehearsing);
        var origin = ("Origin", "https://localhost:9090");
        using var response = site is null
            ? await rig.SendAsync(HttpMethod.Post, "/faults/crash-manager", null, ("Host", "localhost:9090"), origin)
            : await rig.SendAsync(
                HttpMethod.Post, "/faults/crash-manager", null, ("Host", "localhost:9090"), origin, ("Sec-Fetch-Site", site));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        rig.Listeners.Calls.ShouldBeEmpty();
    }

    /// <summary>A page of that name which resolves to us (DNS rebinding) gets what a stranger gets.</summary>
    [Theory]
    [InlineData("/readyz", HttpStatusCode.OK, "ok")]
    [InlineData("/livez", HttpStatusCode.OK, "ok")]
    [InlineData("/healthz", HttpStatusCode.OK, "{\"status\":\"ok\"}")]
    [InlineData(
        "/connections", HttpStatusCode.Forbidden,
        "Host \"cassini.example\" is not this machine: use localhost, 127.0.0.1 or [::1], or add it to Management:AllowedHosts\n")]
    [InlineData("/events", HttpStatusCode.Forbidden, null)]
    [InlineData("/state", HttpStatusCode.Forbidden, null)]
    [InlineData("/readyz?verbose", HttpStatusCode.Forbidden, null)]
    public async Task Read_HostOfAnother_GetsWhatAStrangerGets(string path, HttpStatusCode status, string? body)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(HttpMethod.Get, path, null, ("Host", "cassini.example"));

        response.StatusCode.ShouldBe(status);
        if (body is not null)
        {
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(body);
        }
    }

    [Fact]
    public async Task Read_AllowedHost_GetsEverything()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { AllowedHosts = ["cassini.example"] });

        (await rig.SendAsync(HttpMethod.Get, "/connections", null, ("Host", "cassini.example:9090"))).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        (await rig.SendAsync(HttpMethod.Get, "/connections", null, ("Host", "evil.example"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    /// <summary>A page of another site cannot read the answer, but it could hold all feeds.</summary>
    [Fact]
    public async Task Feed_FromAnotherSite_IsRefused()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.SendAsync(
            HttpMethod.Get, "/events", null, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")))
            .StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Page_LinkFromAnotherSite_IsShown()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.SendAsync(
            HttpMethod.Get, "/", null, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
