using System.Net;
using Cassini.Harness;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary>The graceful stop of the real executable: by POST /drain, and by signals.</summary>
[StartsExecutable]
public sealed class DrainProcessTests : IDisposable
{
    private const string Token = "a-shutdown-token-for-tests";
    private static readonly string[] FreePorts = ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"];
    private readonly TempDirectory _directory = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Drain_OverHttp_RunsEveryStageSaysByeAndEndsWithCode0()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts, ("CASSINI_SHUTDOWN_TOKEN", Token));
        var management = await ReadyAsync(cassini);
        using var client = new HttpClient { BaseAddress = new Uri(management) };
        using var feed = await FeedReader.OpenAsync(client, "?types=lifecycle");
        await feed.ExpectAsync("snapshot");

        using (var refused = await PostDrainAsync(management, "wrong"))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        using (var accepted = await PostDrainAsync(management, Token))
        {
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        await feed.ExpectEventAsync("phaseLeft");
        (await feed.ExpectEventAsync("phaseEntered")).Data.ShouldContain("\"draining\"");
        foreach (var stage in (string[])["announce", "stopAccepting", "stopIntake", "deliver", "closeConnections"])
        {
            (await feed.ExpectEventAsync("drainStageEntered")).Data.ShouldContain($"\"stage\":\"{stage}\"");
            (await feed.ExpectEventAsync("drainStageLeft")).Data.ShouldContain("\"outcome\":\"completed\"");
        }

        (await feed.ExpectEventAsync("phaseLeft")).Data.ShouldContain("\"completed\"");
        (await feed.ExpectEventAsync("phaseEntered")).Data.ShouldContain("\"stopped\"");
        await feed.ExpectAsync("bye");
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        cassini.Error.ToString().ShouldContain("127.0.0.1 requested a graceful stop over HTTP");
        (cassini.Out.ToString() + cassini.Error).ShouldNotContain(Token);
    }

    [Fact]
    public async Task Signal_Second_ForcesALongDrain()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, [.. FreePorts, "--set", "Drain:ReadinessDelay=10m"]);
        var management = await ReadyAsync(cassini);

        cassini.Signal(ChildProcess.Terminate);
        await Eventually.BecomesAsync(
            "readiness is red while the management answers",
            async () =>
            {
                using var response = await _http.GetAsync($"{management}/readyz", TestContext.Current.CancellationToken);
                return response.StatusCode;
            },
            status => status == HttpStatusCode.ServiceUnavailable);
        cassini.Signal(ChildProcess.Terminate);

        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        cassini.Error.ToString().ShouldContain("drain: Announce was cut short");
        cassini.Error.ToString().ShouldContain("phase Draining was cut short");
    }

    private async Task<string> ReadyAsync(ChildProcess cassini)
    {
        var management = await cassini.ManagementAsync();
        using var ready = await _http.GetAsync($"{management}/readyz?wait=20s", TestContext.Current.CancellationToken);
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);
        return management;
    }

    private Task<HttpResponseMessage> PostDrainAsync(string management, string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"{management}/drain");
        request.Headers.Add("Authorization", $"Bearer {token}");
        return _http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
