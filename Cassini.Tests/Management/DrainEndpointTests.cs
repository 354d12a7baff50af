using System.Net;
using Cassini.Management.Http;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management;

public class DrainEndpointTests
{
    private const string Token = "a-shutdown-token-for-tests";

    [Fact]
    public async Task Drain_NoTokenConfigured_Is403()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(HttpMethod.Post, "/drain", null, ("Authorization", "Bearer anything"));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldStartWith("no shutdown token is configured");
        rig.StopsRequested.ShouldBe(0);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer ")]
    [InlineData(Token)]
    public async Task Drain_WrongOrMissingToken_Is401(string? authorization)
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { ShutdownToken = Token });
        using var response = authorization is null
            ? await rig.SendAsync(HttpMethod.Post, "/drain")
            : await rig.SendAsync(HttpMethod.Post, "/drain", null, ("Authorization", authorization));

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        rig.StopsRequested.ShouldBe(0);
    }

    // Each token is for one thing. Its holder is told which, and learns nothing that it does not have.
    [Fact]
    public async Task Tokens_OneUsedForTheOther_IsRefusedAndSaysWhatItIsFor()
    {
        using var directory = new TempDirectory();
        directory.Write("tokens", "of-the-management");
        await using var rig = await ManagementRig.StartReadyAsync(
            new ManagementOptions { ShutdownToken = Token, RequireCredentials = true, TokenPath = directory.File("tokens") });

        (await SendAsync(HttpMethod.Get, "/connections", Token)).ShouldBe(
            (HttpStatusCode.Unauthorized, "this is the shutdown token: it is for POST /drain alone\n"));
        (await SendAsync(HttpMethod.Post, "/drain", "of-the-management")).ShouldBe(
            (HttpStatusCode.Unauthorized, "this is a token of the management: POST /drain needs the shutdown token\n"));
        rig.StopsRequested.ShouldBe(0);

        async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod method, string path, string token)
        {
            using var response = await rig.SendAsync(method, path, null, ("Authorization", $"Bearer {token}"));
            return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    /// <summary>Also where no other request is limited.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    public async Task Drain_GuessedTooFast_Is429(bool? closed)
    {
        await using var rig = await ManagementRig.StartReadyAsync(
            new ManagementOptions { ShutdownToken = Token, RequireCredentials = closed, RequestRate = 1, RequestBurst = 5 });
        var codes = new List<HttpStatusCode>();
        while (!codes.Contains(HttpStatusCode.TooManyRequests))
        {
            codes.Count.ShouldBeLessThan(1_000);
            using var response = await rig.SendAsync(HttpMethod.Post, "/drain", null, ("Authorization", "Bearer wrong"));
            codes.Add(response.StatusCode);
        }

        codes[..5].ShouldAllBe(code => code == HttpStatusCode.Unauthorized);
        using var valid = await rig.SendAsync(HttpMethod.Post, "/drain", null, ("Authorization", $"Bearer {Token}"));
        valid.StatusCode.ShouldBe(HttpStatusCode.Accepted, "others at the address guessed, and not this caller");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    public async Task Drain_TheToken_Is202AndAsksForTheStop(bool? closed)
    {
        await using var rig = await ManagementRig.StartReadyAsync(
            new ManagementOptions { ShutdownToken = Token, RequireCredentials = closed });
        using var response = await rig.SendAsync(HttpMethod.Post, "/drain", null, ("Authorization", $"Bearer {Token}"));

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe("{\"accepted\":\"drain\",\"id\":null,\"endpoint\":null}");
        rig.StopsRequested.ShouldBe(1);
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Origin", "https://evil.example")]
    public async Task Drain_TheTokenFromAnotherSite_IsRefused(string header, string value)
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { ShutdownToken = Token });
        using var response = await rig.SendAsync(HttpMethod.Post, "/drain", null, ("Authorization", $"Bearer {Token}"), (header, value));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        rig.StopsRequested.ShouldBe(0);
    }

    [Fact]
    public async Task Drain_Get_IsNotAllowed()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { ShutdownToken = Token });

        (await rig.GetAsync("/drain")).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }
}
