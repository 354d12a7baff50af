using System.Net;
using Cassini.Management;
using Cassini.Streams.Events;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Cassini.Web.Cli.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Cli.Serving;

/// <summary>Another level of the log for a while, over HTTP and in virtual time.</summary>
public sealed class LogLevelsTests : IAsyncLifetime
{
    private readonly VirtualClock _clock = new();
    private readonly RecordingPublisher _events;
    private readonly LogFilters _filters = new(LogLevel.Information, new Dictionary<string, LogLevel> { ["Loud"] = LogLevel.Trace });
    private readonly LogLevels _levels;
    private ManagementRig _rig = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public LogLevelsTests()
    {
        _events = new RecordingPublisher(_clock.Time);
        _levels = new LogLevels(_filters, _events, _clock.Time);
    }

    public async ValueTask InitializeAsync()
    {
        _rig = await ManagementRig.StartReadyAsync();
        _app = ManagementApp.Create(
            _rig.Managed with { LogLevels = _levels }, _rig.Options with { Address = "127.0.0.1:0" },
            NullLoggerFactory.Instance, TimeProvider.System);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = ManagementApp.AddressOf(_app) };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _rig.DisposeAsync();
        _levels.Dispose();
    }

    [Fact]
    public async Task Put_Level_IsInForceUntilItsTimeIsOver()
    {
        var until = _clock.Time.GetUtcNow().AddMinutes(5);
        var (status, body) = await SendAsync(HttpMethod.Put, "?level=Debug&for=5m");

        status.ShouldBe(HttpStatusCode.OK);
        body.ShouldBe($$"""{"level":"debug","category":null,"until":"{{until:yyyy-MM-ddTHH:mm:ss.fff}}Z","configured":"information"}""");
        (await SendAsync(HttpMethod.Get)).Body.ShouldBe(body);
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Debug);
        _clock.AdvanceBy(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Debug);

        _clock.AdvanceBy(TimeSpan.FromTicks(1));

        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Information);
        (await SendAsync(HttpMethod.Get)).Body
            .ShouldBe("""{"level":"information","category":null,"until":null,"configured":"information"}""");
        _events.Of<LogLevelChanged>().Select(changed => (changed.Level, changed.For)).ShouldBe(
            [("debug", TimeSpan.FromMinutes(5)), ("information", null)]);
        _events.Of<LogLevelChanged>()[0].Caller.ShouldBe("a caller without credentials from 127.0.0.1");
    }

    [Fact]
    public async Task Put_Category_IsForThatAlone()
    {
        await SendAsync(HttpMethod.Put, "?level=error&category=Loud.One");

        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Information);
        _filters.CurrentValue.Rules.Where(rule => rule.CategoryName!.StartsWith("Loud", StringComparison.Ordinal))
            .Select(rule => (rule.CategoryName, rule.LogLevel)).ShouldBe([("Loud", LogLevel.Trace), ("Loud.One", LogLevel.Error)]);
    }

    [Fact]
    public async Task Put_Another_TakesItsPlaceForItsOwnTime()
    {
        await SendAsync(HttpMethod.Put, "?level=debug&for=1m");
        await SendAsync(HttpMethod.Put, "?level=trace&for=3m");

        _clock.AdvanceBy(TimeSpan.FromMinutes(2));
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Trace);

        _clock.AdvanceBy(TimeSpan.FromMinutes(1));
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Information);
    }

    [Fact]
    public async Task Reload_WhileItIsInForce_IsInForceAfterwards()
    {
        await SendAsync(HttpMethod.Put, "?level=debug");

        _filters.Change(LogLevel.Warning, new Dictionary<string, LogLevel>());

        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Debug);
        _clock.AdvanceBy(TimeSpan.FromMinutes(10));
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Warning);
    }

    [Fact]
    public async Task Delete_EndsItOnce()
    {
        await SendAsync(HttpMethod.Put, "?level=debug");

        (await SendAsync(HttpMethod.Delete)).Status.ShouldBe(HttpStatusCode.OK);
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Information);
        (await SendAsync(HttpMethod.Delete)).Status.ShouldBe(HttpStatusCode.OK);
        _clock.AdvanceBy(TimeSpan.FromMinutes(10));

        _events.Of<LogLevelChanged>().Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("?level=loud", "level=\"loud\" is none of trace, debug, info, warn, error, critical, off\n")]
    [InlineData("?level=3", "level=\"3\" is none of trace, debug, info, warn, error, critical, off\n")]
    [InlineData("", "the level is missing: /log-level?level=LEVEL, one of trace, debug, info, warn, error, critical, off\n")]
    [InlineData("?level=debug&level=info", "level is given 2 times: once is enough\n")]
    [InlineData("?level=debug&for=2h", "for=\"2h\" is not allowed: more than 0, and at most 1h\n")]
    [InlineData("?level=debug&for=0", "for=\"0\" is not allowed: more than 0, and at most 1h\n")]
    [InlineData("?level=debug&for=soon", "for=\"soon\" is not a duration such as 500ms, 5s, 2m, 1h, 14d or hh:mm:ss\n")]
    [InlineData("?level=debug&category=", "category has 1 to 200 characters; leave it out for all\n")]
    public async Task Put_Wrong_SaysWhatAndChangesNothing(string query, string problem)
    {
        await SendAsync(HttpMethod.Put, "?level=warn");

        var (status, body) = await SendAsync(HttpMethod.Put, query);

        status.ShouldBe(HttpStatusCode.BadRequest);
        body.ShouldBe(problem);
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Warning);
        _events.Of<LogLevelChanged>().Count.ShouldBe(1);
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string query = "")
    {
        using var request = new HttpRequestMessage(method, $"/log-level{query}");
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
