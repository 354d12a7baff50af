using System.Net;
using System.Net.Sockets;
using Cassini.Management.Access;
using Cassini.Streams.Events;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Access;

/// <summary>How much of the management one caller may have.</summary>
public sealed class CallerLimitsTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>But not of the bare probes: whoever shares an orchestrator's address must not make it take the broker for dead.</summary>
    [Fact]
    public async Task Requests_FasterThanAllowed_Are429()
    {
        await using var rig = await ClosedRig.StartAsync(
            _directory.File("tokens"), options => options with { RequestRate = 1, RequestBurst = 5 });
        var codes = new List<HttpStatusCode>();
        while (!codes.Contains(HttpStatusCode.TooManyRequests))
        {
            codes.Count.ShouldBeLessThan(1_000);
            using var response = await rig.GetAsync("/connections");
            codes.Add(response.StatusCode);
        }

        codes[..5].ShouldAllBe(code => code == HttpStatusCode.Unauthorized);
        foreach (var _ in Enumerable.Range(0, 20))
        {
            (await rig.GetTextAsync("/livez")).ShouldBe("ok");
        }

        rig.Refusals.Counts[(int)RefusalKind.Rate].Value.ShouldBeGreaterThan(0);
        rig.Refusals.Counts[(int)RefusalKind.Credentials].Value.ShouldBe(codes.Count(code => code == HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Token_ThatIsValid_IsNotRefusedForWhatStrangersDoAtItsAddress()
    {
        await using var rig = await ClosedRig.StartAsync(
            _directory.File("tokens"), options => options with { RequestRate = 1, RequestBurst = 5 });
        var codes = new List<HttpStatusCode>();
        while (!codes.Contains(HttpStatusCode.TooManyRequests))
        {
            codes.Count.ShouldBeLessThan(1_000);
            using var guess = await rig.SendAsync(HttpMethod.Get, "/connections", null, ("Authorization", $"Bearer guess-{codes.Count}"));
            codes.Add(guess.StatusCode);
        }

        using var response = await rig.SendAsync(HttpMethod.Get, "/connections", null, ClosedRig.Authorization);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Requests_WithAValidToken_AreLimitedToo()
    {
        await using var rig = await ClosedRig.StartAsync(
            _directory.File("tokens"), options => options with { RequestRate = 1, RequestBurst = 5 });
        var codes = new List<HttpStatusCode>();
        while (!codes.Contains(HttpStatusCode.TooManyRequests))
        {
            codes.Count.ShouldBeLessThan(1_000);
            using var response = await rig.SendAsync(HttpMethod.Get, "/connections", null, ClosedRig.Authorization);
            codes.Add(response.StatusCode);
        }

        codes[..5].ShouldAllBe(code => code == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Feeds_MoreThanACallerMayHave_Are429AndAClosedOneMakesRoom()
    {
        await using var rig = await ClosedRig.StartAsync(_directory.File("tokens"), options => options with { MaxFeedsPerCaller = 2 });
        using var first = await OpenFeedAsync(rig);
        using var second = await OpenFeedAsync(rig);
        using (var third = await OpenFeedAsync(rig))
        {
            third.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            (await third.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
                .ShouldBe("too many feeds: 2 of yours are open, and no more are allowed\n");
        }

        first.Dispose();
        await Eventually.BecomesAsync(
            "the closed feed frees its slot",
            async () =>
            {
                using var next = await OpenFeedAsync(rig);
                return next.StatusCode;
            },
            status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Waits_MoreThanACallerMayHave_Are429()
    {
        await using var rig = await ClosedRig.StartAsync(_directory.File("tokens"), options => options with { MaxWaitsPerCaller = 1 });
        rig.Publish(new PhaseEntered(Phase.Draining));
        var first = rig.GetAsync("/readyz?wait=10m");
        await Eventually.BecomesAsync(
            "the first waits",
            async () =>
            {
                using var metrics = await rig.SendAsync(HttpMethod.Get, "/metrics", null, ("Authorization", $"Bearer {ClosedRig.Token}"));
                return await metrics.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            },
            metrics => metrics.Contains("\ncassini_probe_waits 1\n", StringComparison.Ordinal));
        using (var second = await rig.GetAsync("/readyz?wait=10m"))
        {
            second.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        }

        rig.Publish(new PhaseEntered(Phase.Ready));
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Connections_MoreThanACallerMayHave_AreClosedAtOnce()
    {
        await using var rig = await ClosedRig.StartAsync(
            _directory.File("tokens"), options => options with { MaxConnectionsPerCaller = 2 });
        using var one = await ConnectAsync(rig);
        using var two = await ConnectAsync(rig);
        await AskAsync(one);
        await AskAsync(two);

        (await TryAskAsync(rig)).ShouldBeNull();

        one.Dispose();
        await Eventually.BecomesAsync(
            "a closed connection frees its slot",
            async () => await TryAskAsync(rig) ?? "",
            line => line.StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
    }

    /// <summary>The first line of an answer on a new connection; null when that is closed instead, at whatever moment.</summary>
    private static async Task<string?> TryAskAsync(ManagementRig rig)
    {
        try
        {
            using var client = await ConnectAsync(rig);
            return await AskAsync(client);
        }
        catch (Exception closed) when (closed is IOException or SocketException)
        {
            return null;
        }
    }

    private static async Task<TcpClient> ConnectAsync(ManagementRig rig)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, rig.Address.Port, TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task<string> AskAsync(TcpClient client)
    {
        var stream = client.GetStream();
        await stream.WriteAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, leaveOpen: true);
        return await Eventually.CompletesAsync("the answer", reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask())
            ?? throw new IOException("The connection was closed.");
    }

    private static Task<HttpResponseMessage> OpenFeedAsync(ManagementRig rig)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/events");
        request.Headers.Add("Authorization", $"Bearer {ClosedRig.Token}");
        return Eventually.CompletesAsync(
            "the feed", rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
    }
}
