using System.Net;
using Cassini.Streams.Hosting;

namespace Cassini.Tests.Management;

public class LocalWritesTests
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
        using var delete = await rig.SendAsync(HttpMethod.Delete, $"/sessions/{FakeListeners.Session}", null, ("Host", host));

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
    public async Task Read_AnyHost_IsAllowed()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.SendAsync(HttpMethod.Get, "/readyz", null, ("Host", "cassini.example"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
