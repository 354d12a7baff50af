using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Docs;
using Cassini.Tests.Health;

namespace Cassini.Tests.Management;

public partial class RunbookPageTests
{
    [Fact]
    public async Task Runbook_Get_IsAPageWithAnAnchorForEachReason()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/runbook");
        var html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        Anchors().Matches(html).Select(match => match.Groups[1].Value).ShouldBe(Runbook.Entries.Select(entry => entry.Reason));
        html.ShouldContain("<li><a href=\"#BindFailed\">BindFailed</a></li>");
        html.ShouldContain("<p><strong>Means.</strong>");
        html.ShouldContain("<code>Health:Hold</code>");
    }

    [Fact]
    public async Task Runbook_Page_NeedsNothingInlineAndNothingFromOutside()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var html = await rig.GetTextAsync("/runbook");

        html.ShouldNotContain("<style");
        html.ShouldNotContain("<script");
        html.ShouldNotMatch(@"<[^>]+\sstyle=");
        Resources().Matches(html).Select(match => match.Groups[1].Value).ShouldBe(["runbook.css"]);
        using var style = await rig.GetAsync("/runbook.css");
        style.StatusCode.ShouldBe(HttpStatusCode.OK);
        style.Content.Headers.ContentType!.MediaType.ShouldBe("text/css");
        (await style.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldNotMatch(@"@import|url\(");
    }

    [Theory]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/markdown", "text/markdown")]
    [InlineData("*/*", "text/html")]
    [InlineData("application/json", "text/html")]
    public async Task Runbook_Accept_ChoosesPageOrSource(string accept, string mediaType)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/runbook", accept);

        response.Content.Headers.ContentType!.MediaType.ShouldBe(mediaType);
        if (mediaType != "text/html")
        {
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(Runbook.Text);
        }
    }

    [Fact]
    public async Task Healthz_CheckWithAReason_LinksToItsEntry()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/healthz"));
        var checks = json.RootElement.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!);

        checks["bind"].GetProperty("runbook").GetString().ShouldBe("/runbook#BindFailed");
        checks["manager"].TryGetProperty("runbook", out _).ShouldBeFalse("it is ok, and its shape as ever");
        (await rig.GetTextAsync("/healthz/bind")).ShouldContain("\"runbook\":\"/runbook#BindFailed\"");
        JsonSerializer.Deserialize(json.RootElement.GetRawText(), HealthJson.Snapshot)!.Checks
            .Single(check => check.Name == "bind").Runbook.ShouldBe("/runbook#BindFailed");
    }

    [Fact]
    public void Check_ReasonThatIsNoneOfTheBrokers_HasNoLink() =>
        new CheckHealth("feed", HealthStatus.Error, HealthStatus.Error, "NotConnected", null, default, false, 0, []).Runbook.ShouldBeNull();

    [GeneratedRegex("<h2 id=\"([^\"]+)\">")]
    private static partial Regex Anchors();

    [GeneratedRegex("<(?:link|img|script|iframe|source|object)[^>]*(?:href|src)=\"([^\"]+)\"")]
    private static partial Regex Resources();
}
