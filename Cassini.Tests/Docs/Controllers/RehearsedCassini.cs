using System.Net;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Docs.Controllers;

/// <summary>The real executable, not ready until the test makes it so, behind a front door.</summary>
internal sealed class RehearsedCassini : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ChildProcess _cassini;
    private readonly string _management;

    private RehearsedCassini(TempDirectory directory, ChildProcess cassini, string management, FrontDoor door)
    {
        (Directory, _cassini, _management, Door) = (directory, cassini, management, door);
    }

    public TempDirectory Directory { get; }

    public FrontDoor Door { get; }

    /// <summary>Starts it, and closes its endpoint: /readyz is 503 until <see cref="BecomeReadyAsync"/>.</summary>
    public static async Task<RehearsedCassini> NotReadyAsync()
    {
        var directory = new TempDirectory();
        var cassini = CassiniProcess.Start(
            directory.Path,
            [
                "--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--enable-faults",
                "--set", "Health:Hold=0", "--set", "Probing:CanaryInterval=200ms",
            ]);
        var management = await cassini.ManagementAsync();
        var rehearsed = new RehearsedCassini(directory, cassini, management, await FrontDoor.OpenAsync(management));
        await rehearsed.FaultAsync("close-endpoint");
        await rehearsed.AnswersAsync("/readyz/bind", HttpStatusCode.ServiceUnavailable);
        return rehearsed;
    }

    public Task BecomeReadyAsync() => FaultAsync("resume");

    /// <summary>From where all is well: /readyz turns red, and the feed says so.</summary>
    public Task BreakAsync() => FaultAsync("close-endpoint");

    /// <summary>All of it, and not only ready: so that the next change of the feed is one that the test makes.</summary>
    public Task IsWellAsync() => AnswersAsync("/healthz", HttpStatusCode.OK);

    /// <summary>A graceful stop: the feeds get their bye.</summary>
    public async Task StopAsync()
    {
        _cassini.Signal(ChildProcess.Terminate);
        await _cassini.ExitCodeAsync("it stops");
    }

    /// <summary>A recipe with this Cassini for the one that it names.</summary>
    public string Adapt(string recipe) => recipe.Replace(Recipe.Management, Door.Url, StringComparison.Ordinal);

    /// <summary>Runs it to where it asks whether this is ready, and is kept waiting.</summary>
    public async Task<ChildProcess> BlocksAsync(
        string program, IReadOnlyList<string> args, params IEnumerable<(string Name, string Value)> environment)
    {
        var child = ChildProcess.Start(program, args, Directory.Path, environment);
        await Door.AskedAsync(
            "it asks whether the broker is ready", request => request.Path.StartsWith("/readyz?wait=", StringComparison.Ordinal));
        child.Out.ToString().ShouldNotContain("ready");
        return child;
    }

    public async ValueTask DisposeAsync()
    {
        await Door.DisposeAsync();
        await _cassini.DisposeAsync();
        _http.Dispose();
        Directory.Dispose();
    }

    private async Task FaultAsync(string fault)
    {
        using var answer = await _http.PostAsync($"{_management}/faults/{fault}", null, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    private Task AnswersAsync(string path, HttpStatusCode code) => Eventually.BecomesAsync(
        $"{path} answers {code}",
        async () =>
        {
            using var answer = await _http.GetAsync($"{_management}{path}", TestContext.Current.CancellationToken);
            return answer.StatusCode;
        },
        seen => seen == code);
}
