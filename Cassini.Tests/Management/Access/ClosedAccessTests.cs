using System.Net;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Routing;

namespace Cassini.Tests.Management.Access;

/// <summary>Where callers need credentials: off loopback always, and here because it is asked for.</summary>
public sealed class ClosedAccessTests : IDisposable
{
    private const string Token = ClosedRig.Token;
    private readonly TempDirectory _directory = new();

    private string TokenPath => _directory.File("tokens");

    public void Dispose() => _directory.Dispose();

    /// <summary>The closed schema of what strangers get: a field that is ever added makes this fail.</summary>
    [Theory]
    [InlineData("/livez", "ok")]
    [InlineData("/readyz", "ok")]
    [InlineData("/healthz", "{\"status\":\"ok\"}")]
    [InlineData("/readyz?wait=1s", "ok")]
    public async Task Probe_Stranger_GetsTheCodeAndOneWord(string path, string body)
    {
        await using var rig = await StartAsync();
        foreach (var accept in (string?[])[null, "application/json", "text/plain", "application/health+json", "*/*"])
        {
            using var response = await rig.GetAsync(path, accept);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(body);
        }
    }

    [Theory]
    [InlineData("/readyz", HttpStatusCode.ServiceUnavailable, "failed")]
    [InlineData("/healthz", HttpStatusCode.ServiceUnavailable, "{\"status\":\"error\"}")]
    [InlineData("/livez", HttpStatusCode.OK, "ok")]
    public async Task Probe_StrangerWhileABindFails_LearnsNoMore(string path, HttpStatusCode status, string body)
    {
        await using var rig = await StartAsync();
        rig.Publish(Happened.BindFailed());
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(status);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(body);
        response.Headers.Select(header => header.Key).Except(["Retry-After"], StringComparer.OrdinalIgnoreCase).Order().ShouldBe(
        [
            "Cache-Control", "Content-Security-Policy", "Cross-Origin-Opener-Policy",
            "Cross-Origin-Resource-Policy", "Date", "Referrer-Policy",
            "X-Content-Type-Options", "X-Frame-Options",
        ]);
    }

    public static TheoryData<string, string> Closed => new()
    {
        { "GET", "/events/1" },
        { "GET", "/certificates" },
        { "GET", "/handshakes" },
        { "GET", "/" },
        { "GET", "/readyz?verbose" },
        { "GET", "/readyz?exclude=bind" },
        { "GET", "/readyz?wait=1s&verbose" },
        { "GET", "/readyz/bind" },
        { "GET", "/healthz/bind" },
        { "GET", "/events" },
        { "GET", "/events?since=2026-01-01" },
        { "GET", "/runs" },
        { "GET", "/state" },
        { "GET", "/metrics" },
        { "GET", "/connections" },
        { "GET", "/connections/1" },
        { "DELETE", "/connections/1" },
        { "GET", "/config" },
        { "GET", "/log-level" },
        { "PUT", "/log-level?level=debug" },
        { "DELETE", "/log-level" },
        { "GET", "/identities" },
        { "DELETE", "/identities/mallory" },
        { "DELETE", "/sessions/a" },
        { "DELETE", "/retained?filter=a" },
        { "GET", "/topics" },
        { "GET", "/topics/tree" },
        { "GET", "/retained?topic=a" },
        { "GET", "/messages?filter=a" },
        { "POST", "/messages" },
        { "GET", "/subscriptions?topic=a" },
        { "GET", "/openapi/v1.json" },
        { "POST", "/faults/crash-manager" },
        { "GET", "/nonsense" },
        { "POST", "/readyz" },
    };

    [Theory]
    [MemberData(nameof(Closed))]
    public async Task Anything_Stranger_Is401(string method, string path)
    {
        await using var rig = await StartAsync();
        using var response = await rig.SendAsync(new HttpMethod(method), path);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe("credentials are needed: a bearer token, or a client certificate of the broker's CA\n");
    }

    /// <summary>Every endpoint that is mapped, documented or not: one that is added later is closed unless it is added here too.</summary>
    [Fact]
    public async Task Endpoints_All_AreClosedButForThoseNamedHere()
    {
        await using var rig = await StartAsync();
        var open = rig.Endpoints.ToLookup(endpoint => endpoint.Metadata.GetMetadata<PublicAccess>() is not null);

        open[true].Select(endpoint => endpoint.RoutePattern.RawText).Order(StringComparer.Ordinal).ShouldBe(
            ["/", "/dashboard/{file}", "/drain", "/healthz", "/livez", "/readyz", "/runbook", "/runbook.css"]);
        open[false].Count().ShouldBeGreaterThan(10);
        foreach (var endpoint in open[false])
        {
            var path = $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}".Replace("{", "", StringComparison.Ordinal)
                .Replace("}", "", StringComparison.Ordinal);
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                using var response = await rig.SendAsync(new HttpMethod(method), path);
                response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{method} {path}");
            }
        }
    }

    [Fact]
    public async Task Page_Stranger_Is401WithThePageThatAsksForAToken()
    {
        await using var rig = await StartAsync();
        using var response = await rig.GetAsync("/", "text/html,application/xhtml+xml,*/*;q=0.8");

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("<label for=\"token\">");
        (await rig.GetAsync("/dashboard/main.js")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Bearer " + Token)]
    [InlineData("bearer   " + Token)]
    public async Task Read_WithTheToken_GetsEverything(string authorization)
    {
        await using var rig = await StartAsync();

        (await rig.SendAsync(HttpMethod.Get, "/connections", null, ("Authorization", authorization))).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        using var health = await rig.SendAsync(HttpMethod.Get, "/healthz", null, ("Authorization", authorization));
        (await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("\"checks\"");
    }

    [Theory]
    [InlineData("Bearer wrong", "the bearer token is not valid\n")]
    [InlineData("Bearer " + Token + "x", "the bearer token is not valid\n")]
    [InlineData("Bearer", "the Authorization header is not of the form: Bearer TOKEN\n")]
    [InlineData("Basic YWRtaW46YWRtaW4=", "the Authorization header is not of the form: Bearer TOKEN\n")]
    public async Task Anything_WrongToken_Is401EvenForProbes(string authorization, string sentence)
    {
        await using var rig = await StartAsync();
        foreach (var path in (string[])["/connections", "/readyz"])
        {
            using var response = await rig.SendAsync(HttpMethod.Get, path, null, ("Authorization", authorization));
            response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer error=\"invalid_token\"");
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(sentence);
        }
    }

    [Fact]
    public async Task Token_Rotated_OldOneIsRefusedAndNewOneIsGood()
    {
        await using var rig = await StartAsync();
        File.WriteAllText(TokenPath, "another-token\n");

        await Eventually.BecomesAsync(
            "the new token is good", async () => await StatusAsync(rig, "another-token"), status => status == HttpStatusCode.OK);
        (await StatusAsync(rig, Token)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Write_WithTheTokenFromAnotherSite_IsRefused()
    {
        await using var rig = await StartAsync();
        using var response = await rig.SendAsync(
            HttpMethod.Delete, $"/connections/{FakeListeners.Connection}", null,
            ("Authorization", $"Bearer {Token}"), ("Sec-Fetch-Site", "cross-site"));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        rig.Listeners.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Read_AnyHost_IsAllowedUnlessHostsAreNamed()
    {
        await using var rig = await StartAsync();
        await using var named = await StartAsync(options => options with { AllowedHosts = ["cassini.example"] });
        (string, string)[] evil = [("Host", "evil.example"), ("Authorization", $"Bearer {Token}")];
        (string, string)[] ours = [("Host", "cassini.example"), ("Authorization", $"Bearer {Token}")];

        (await rig.SendAsync(HttpMethod.Get, "/connections", null, evil)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await named.SendAsync(HttpMethod.Get, "/connections", null, evil)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await named.SendAsync(HttpMethod.Get, "/connections", null, ours)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<HttpStatusCode> StatusAsync(ManagementRig rig, string token)
    {
        using var response = await rig.SendAsync(HttpMethod.Get, "/connections", null, ("Authorization", $"Bearer {token}"));
        return response.StatusCode;
    }

    [Theory]
    [InlineData("/events")]
    [InlineData("/messages?filter=%23")]
    public async Task LongAnswer_ItsTokenIsRemoved_Ends(string path)
    {
        await using var rig = await StartAsync(options => options with { FeedHeartbeat = TimeSpan.FromMilliseconds(100) });
        await File.AppendAllTextAsync(TokenPath, "another\n", TestContext.Current.CancellationToken);
        using var ending = await OpenAsync(rig, path, Token);
        using var kept = await Eventually.BecomesAsync(
            "the other token counts", async () => await OpenAsync(rig, path, "another"), answer => answer.IsSuccessStatusCode);
        var end = ReadToEndAsync(ending);
        var keptEnd = ReadToEndAsync(kept);

        await File.WriteAllTextAsync(TokenPath, "another\n", TestContext.Current.CancellationToken);

        (await Eventually.CompletesAsync("it is cut", end)).ShouldBeFalse("it has no last event");
        using (var refused = await OpenAsync(rig, path, Token))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        keptEnd.IsCompleted.ShouldBeFalse();
        await rig.StopAsync();
        (await Eventually.CompletesAsync("the other ends with the process", keptEnd)).ShouldBeTrue();
    }

    private static Task<HttpResponseMessage> OpenAsync(ManagementRig rig, string path, string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Authorization", $"Bearer {token}");
        return Eventually.CompletesAsync(
            "the answer", rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
    }

    /// <returns>Whether it ended as an answer should, not in its middle.</returns>
    private static async Task<bool> ReadToEndAsync(HttpResponseMessage answer)
    {
        try
        {
            return (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains("event: bye");
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Task<ManagementRig> StartAsync(Func<ManagementOptions, ManagementOptions>? change = null) =>
        ClosedRig.StartAsync(TokenPath, change);
}
