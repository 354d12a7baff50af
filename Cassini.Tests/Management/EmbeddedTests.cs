using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Management;

/// <summary>MapCassini in an application of one's own: over a real port, below a prefix.</summary>
public partial class EmbeddedTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MapCassini_BelowAPrefix_AnswersProbesMetricsAndTables()
    {
        await using var rig = await EmbeddedRig.StartAsync();

        (await rig.GetTextAsync("/cassini/readyz")).ShouldBe("ok");
        (await rig.GetTextAsync("/cassini/livez")).ShouldBe("ok");
        (await rig.GetTextAsync("/cassini/healthz")).ShouldContain("\"phase\":\"ready\"");
        (await rig.GetTextAsync("/cassini/metrics")).ShouldContain("\ncassini_ready 1\n");
        (await rig.GetTextAsync("/cassini/connections")).ShouldBe("[]");
        (await rig.GetTextAsync("/cassini/topics")).ShouldStartWith("{\"count\":");
        (await rig.GetTextAsync("/")).ShouldBe("the application");
        (await rig.GetAsync("/readyz")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await rig.GetAsync("/cassini/healthz")).Headers.GetValues("X-Frame-Options").ShouldBe(["DENY"]);
    }

    [Fact]
    public async Task Settings_OfAnApplication_AreItsOwn()
    {
        await using var rig = await EmbeddedRig.StartAsync();

        (await rig.GetAsync("/cassini/log-level")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await rig.GetAsync("/cassini/config")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Feed_BelowAPrefix_BeginsWithASnapshotAndEndsWithByeWhenTheApplicationStops()
    {
        await using var rig = await EmbeddedRig.StartAsync();
        using var response = await rig.GetAsync("/cassini/events");
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Token));

        (await NextAsync("the first line")).ShouldBe("event: snapshot");
        var stopping = rig.App.StopAsync(CancellationToken.None);
        while (await NextAsync("bye") != "event: bye")
        {
            // Events of the broker come before it.
        }

        await Eventually.CompletesAsync("the application stops", stopping);

        async Task<string?> NextAsync(string step) => await Eventually.CompletesAsync(step, lines.ReadLineAsync(Token).AsTask());
    }

    [Fact]
    public async Task Dashboard_BelowAPrefix_HasALastSlashAndRelativeLinksThatLeadSomewhere()
    {
        await using var rig = await EmbeddedRig.StartAsync();

        using var moved = await rig.GetAsync("/cassini", ("Accept", "text/html"));
        moved.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        moved.Headers.Location!.OriginalString.ShouldBe("/cassini/");
        var page = await rig.GetTextAsync("/cassini/", ("Accept", "text/html"));
        var links = Links().Matches(page).Select(match => match.Groups[1].Value).Where(link => !link.StartsWith('#')).Distinct().ToList();
        links.Count.ShouldBeGreaterThan(5);
        foreach (var link in links)
        {
            link.ShouldNotStartWith("/");
            (await rig.GetAsync("/cassini/" + link)).StatusCode.ShouldBe(HttpStatusCode.OK, link);
        }

        foreach (Match asked in Requests().Matches(await rig.GetTextAsync("/cassini/dashboard/main.js")))
        {
            asked.Groups[1].Value.ShouldNotStartWith("/");
        }

        Links().Matches(await rig.GetTextAsync("/cassini/runbook")).Select(match => match.Groups[1].Value).ShouldContain("runbook.css");
        using var slash = await rig.GetAsync("/cassini/runbook/");
        new Uri(rig.Http.BaseAddress!, "/cassini/runbook/")
            .MakeRelativeUri(new Uri(new Uri(rig.Http.BaseAddress!, "/cassini/runbook/"), slash.Headers.Location!))
            .ToString().ShouldBe("../runbook");
    }

    [Fact]
    public async Task Documents_OfTheApplicationAndOfCassini_AreApart()
    {
        await using var rig = await EmbeddedRig.StartAsync();
        using var ours = JsonDocument.Parse(await rig.GetTextAsync("/cassini/openapi/v1.json"));
        using var theirs = JsonDocument.Parse(await rig.GetTextAsync("/openapi/v1.json"));

        var paths = ours.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        paths.ShouldContain("/cassini/readyz");
        paths.ShouldAllBe(path => path.StartsWith(EmbeddedRig.Prefix, StringComparison.Ordinal));
        theirs.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name).ShouldBe(["/"]);
    }

    /// <summary>The application sets no rule for callers.</summary>
    [Theory]
    [InlineData("/cassini/readyz", HttpStatusCode.OK, "ok")]
    [InlineData("/cassini/healthz", HttpStatusCode.OK, null)]
    [InlineData("/cassini/readyz?verbose", HttpStatusCode.Forbidden, null)]
    [InlineData("/cassini/connections", HttpStatusCode.Forbidden, null)]
    [InlineData("/cassini/metrics", HttpStatusCode.Forbidden, null)]
    [InlineData("/cassini/events", HttpStatusCode.Forbidden, null)]
    public async Task CallerElsewhere_NothingSaid_GetsOneWordFromTheProbes(string path, HttpStatusCode status, string? body)
    {
        await using var rig = await EmbeddedRig.StartAsync();
        using var response = await rig.GetAsync(path, ("From-Address", EmbeddedRig.Elsewhere));

        response.StatusCode.ShouldBe(status);
        var text = await response.Content.ReadAsStringAsync(Token);
        if (status == HttpStatusCode.Forbidden)
        {
            text.ShouldContain("RequireAuthorization() or AllowAnonymous()");
        }
        else if (body is not null)
        {
            text.ShouldBe(body);
        }
        else
        {
            text.ShouldStartWith("{\"status\":");
            text.Length.ShouldBeLessThan(30);
        }
    }

    /// <summary>What is public although the application says nothing.</summary>
    [Theory]
    [InlineData("GET", "/cassini/runbook", HttpStatusCode.OK)]
    [InlineData("GET", "/cassini/runbook.css", HttpStatusCode.OK)]
    [InlineData("GET", "/cassini/dashboard/main.js", HttpStatusCode.OK)]
    [InlineData("POST", "/cassini/drain", HttpStatusCode.Unauthorized)]
    public async Task CallerElsewhere_NothingSaid_GetsWhatIsPublic(string method, string path, HttpStatusCode status)
    {
        await using var rig = await EmbeddedRig.StartAsync(options => options with { ShutdownToken = "stop-it" });
        using var response = await rig.SendAsync(new HttpMethod(method), path, ("From-Address", EmbeddedRig.Elsewhere));

        response.StatusCode.ShouldBe(status);
    }

    /// <summary>The proxy is on this machine, but its callers need not be.</summary>
    [Theory]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Real-IP", "192.0.2.1")]
    [InlineData("Via", "1.1 front")]
    public async Task CallerBehindAProxy_NothingSaid_IsElsewhere(string header, string value)
    {
        await using var rig = await EmbeddedRig.StartAsync(options => options with { EnableFaults = true });

        (await rig.GetAsync("/cassini/connections", (header, value))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await rig.GetTextAsync("/cassini/readyz", (header, value))).ShouldBe("ok");
        (await rig.SendAsync(HttpMethod.Post, "/cassini/faults/resume", (header, value))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    /// <summary>Behind a Unix socket is nearly always a proxy, and the caller has no address that would say so.</summary>
    [Fact]
    public async Task CallerWithoutAnAddress_NothingSaid_IsElsewhere()
    {
        await using var rig = await EmbeddedRig.StartAsync();
        using var connections = await rig.GetOverSocketAsync("/cassini/connections");
        using var ready = await rig.GetOverSocketAsync("/cassini/readyz");

        connections.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await ready.Content.ReadAsStringAsync(Token)).ShouldBe("ok");
    }

    [Fact]
    public async Task CallerElsewhere_AuthorizedByTheApplication_GetsEverything()
    {
        await using var rig = await EmbeddedRig.StartAsync(conventions: all => all.RequireAuthorization());
        var elsewhere = ("From-Address", EmbeddedRig.Elsewhere);

        (await rig.GetAsync("/cassini/connections", elsewhere)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await rig.GetAsync("/cassini/connections")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "on this machine too");
        (await rig.GetTextAsync("/cassini/connections", elsewhere, ("Authorization", $"Bearer {EmbeddedRig.Password}"))).ShouldBe("[]");
    }

    [Fact]
    public async Task CallerElsewhere_AnonymousAllowed_GetsEverything()
    {
        await using var rig = await EmbeddedRig.StartAsync(conventions: all => all.AllowAnonymous());

        (await rig.GetTextAsync("/cassini/connections", ("From-Address", EmbeddedRig.Elsewhere), ("Host", "broker.example")))
            .ShouldBe("[]");
    }

    [Fact]
    public async Task Write_OfAnotherSitesPage_IsRefusedThoughTheApplicationAuthorizesIt()
    {
        await using var rig = await EmbeddedRig.StartAsync(
            options => options with { EnableFaults = true }, all => all.RequireAuthorization());
        var credentials = ("Authorization", $"Bearer {EmbeddedRig.Password}");

        using var cross = await rig.SendAsync(HttpMethod.Delete, "/cassini/connections/1", credentials, ("Sec-Fetch-Site", "cross-site"));
        using var origin = await rig.SendAsync(
            HttpMethod.Post, "/cassini/faults/crash-manager", credentials, ("Origin", "https://evil.example"));
        using var own = await rig.SendAsync(
            HttpMethod.Delete, "/cassini/connections/1", credentials, ("Sec-Fetch-Site", "same-origin"), ("Host", "broker.example"));

        cross.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        origin.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        own.StatusCode.ShouldBe(HttpStatusCode.NotFound, "there is no such connection");
    }

    /// <summary>DNS rebinding: a page whose name resolves to this machine is a caller on it.</summary>
    [Theory]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost:5000", HttpStatusCode.NotFound)]
    [InlineData("10.1.2.3:5000", HttpStatusCode.NotFound)]
    [InlineData("[2001:db8::1]", HttpStatusCode.NotFound)]
    [InlineData("broker.example", HttpStatusCode.NotFound)]
    public async Task Write_ByAName_IsAllowedWhenItIsOurs(string host, HttpStatusCode status)
    {
        await using var rig = await EmbeddedRig.StartAsync(options => options with { AllowedHosts = ["broker.example"] });

        (await rig.SendAsync(HttpMethod.Delete, "/cassini/connections/1", ("Host", host))).StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task Fault_Enabled_IsForThisMachineAndForAuthorizedCallers()
    {
        await using var rig = await EmbeddedRig.StartAsync(options => options with { EnableFaults = true }, all => all.AllowAnonymous());

        (await rig.SendAsync(HttpMethod.Post, "/cassini/faults/resume", ("From-Address", EmbeddedRig.Elsewhere))).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
        (await rig.SendAsync(HttpMethod.Post, "/cassini/faults/resume")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Refusals_NameWhatTheApplicationSets()
    {
        await using var rig = await EmbeddedRig.StartAsync();

        (await TextAsync(await rig.SendAsync(HttpMethod.Post, "/cassini/faults/resume")))
            .ShouldBe("rehearsal is not enabled: set ManagementOptions.EnableFaults\n");
        (await TextAsync(await rig.SendAsync(HttpMethod.Post, "/cassini/drain"))).ShouldBe(
            "no shutdown token is configured: set ManagementOptions.ShutdownToken or ManagementOptions.ShutdownTokenPath\n");
        (await TextAsync(await rig.SendAsync(HttpMethod.Delete, "/cassini/connections/1", ("Host", "evil.example"))))
            .ShouldEndWith("or add it to ManagementOptions.AllowedHosts\n");

        static Task<string> TextAsync(HttpResponseMessage response) =>
            response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Drain_WithTheShutdownToken_StopsTheApplication()
    {
        await using var rig = await EmbeddedRig.StartAsync(options => options with { ShutdownToken = "stop-it" });
        var stopping = rig.App.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

        (await rig.SendAsync(HttpMethod.Post, "/cassini/drain")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        stopping.IsCancellationRequested.ShouldBeFalse();
        (await rig.SendAsync(HttpMethod.Post, "/cassini/drain", ("Authorization", "Bearer stop-it"))).StatusCode
            .ShouldBe(HttpStatusCode.Accepted);

        stopping.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task Drain_GuessedTooFast_Is429()
    {
        await using var rig = await EmbeddedRig.StartAsync(
            options => options with { ShutdownToken = "stop-it", RequestRate = 1, RequestBurst = 5 });
        var codes = new List<HttpStatusCode>();
        while (!codes.Contains(HttpStatusCode.TooManyRequests))
        {
            codes.Count.ShouldBeLessThan(1_000);
            using var response = await rig.SendAsync(HttpMethod.Post, "/cassini/drain", ("Authorization", "Bearer guess"));
            codes.Add(response.StatusCode);
        }

        codes[..5].ShouldAllBe(code => code == HttpStatusCode.Unauthorized);
        (await rig.GetTextAsync("/cassini/connections")).ShouldBe("[]", "other requests are not limited");
    }

    /// <summary>Its operator is sent to the log's 1303, and to its last phase.</summary>
    [Fact]
    public async Task Events_OfTheBroker_AreInTheApplicationsLog()
    {
        await using var rig = await EmbeddedRig.StartAsync();
        rig.Broker.Hub.Publish(new GaveUp(Happened.Manager, 5, TimeSpan.FromMinutes(1)));

        await Eventually.HoldsAsync("1303", () => rig.Log.Lines.Any(line => line is { Id: 1303, Level: LogLevel.Error }));
        await Eventually.CompletesAsync("the application stops", rig.App.StopAsync(CancellationToken.None));
        await rig.App.DisposeAsync();
        rig.Log.Lines.ShouldContain(line => line.Id == 1700 && line.Text == "phase Starting");
        rig.Log.Lines.ShouldContain(line => line.Id == 1700 && line.Text == "phase Stopped");
    }

    [Fact]
    public async Task Spans_OfConnections_AreMade()
    {
        await using var rig = await EmbeddedRig.StartAsync();
        var ended = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, rig.Broker.Spans),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => ended.Enqueue(span.OperationName),
        };
        ActivitySource.AddActivityListener(listener);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPEndPoint.Parse(rig.Broker.Health.Current.Endpoints[0].Address), Token);
        }

        await Eventually.HoldsAsync("the span of the connection ends", () => ended.Contains("connect"));
    }

    [Fact]
    public async Task MapCassini_WrongOptions_ThrowsEveryError()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddCassiniManagement(options => options with { MaxFeeds = 0, ShutdownToken = "" });
        await using var app = builder.Build();

        var error = Should.Throw<ArgumentException>(() => app.MapCassini());

        error.Message.ShouldContain("Management:MaxFeeds");
        error.Message.ShouldContain("Management:ShutdownToken");
    }

    [Fact]
    public async Task MapCassini_WithoutAddCassiniManagement_SaysWhatIsMissing()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        Should.Throw<InvalidOperationException>(() => app.MapCassini()).Message.ShouldContain("AddCassiniManagement");
    }

    [GeneratedRegex("(?:href|src)=\"([^\"]+)\"")]
    private static partial Regex Links();

    [GeneratedRegex(@"(?:request|getJson)\(['`]([^'`]+)")]
    private static partial Regex Requests();
}
