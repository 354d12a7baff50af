using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Cassini.Management.Pages;

namespace Cassini.Tests.Management.Dashboard;

public partial class FilesTests
{
    public static TheoryData<string> Names => [.. DashboardFile.All.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "text/html")]
    [InlineData("text/html", "text/html")]
    [InlineData("*/*", "text/plain")]
    [InlineData("text/plain, text/html", "text/plain")]
    [InlineData("application/json", "text/plain")]
    [InlineData(null, "text/plain")]
    public async Task Index_ByAccept_IsThePageOrTheText(string? accept, string type)
    {
        await using var rig = await ManagementRig.StartAsync();
        using var response = await rig.GetAsync("/", accept);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        response.Headers.Vary.ShouldBe(["Accept"]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task File_Get_HasItsTypeAndIsNotSentAgain(string name)
    {
        await using var rig = await ManagementRig.StartAsync();
        using var response = await rig.GetAsync("/dashboard/" + name);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(Path.GetExtension(name) switch
        {
            ".js" => "text/javascript",
            ".css" => "text/css",
            ".svg" => "image/svg+xml",
            _ => "text/html",
        });
        var etag = response.Headers.ETag.ShouldNotBeNull();

        using var again = await rig.SendAsync(HttpMethod.Get, "/dashboard/" + name, null, ("If-None-Match", etag.ToString()));
        again.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await again.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
        using var head = await rig.SendAsync(HttpMethod.Head, "/dashboard/" + name);
        head.Content.Headers.ContentLength.ShouldBe(DashboardFile.All[name].Body.Length);
    }

    [Theory]
    [InlineData("/dashboard/nonsense.js")]
    [InlineData("/dashboard/..%2findex.html")]
    [InlineData("/dashboard/")]
    public async Task File_ThereIsNone_Is404(string path)
    {
        await using var rig = await ManagementRig.StartAsync();
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    /// <summary>It runs under a policy without inline scripts and styles, asks no other server, and makes no markup of data.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void File_HoldsNothingThatAStrictPolicyForbids(string name)
    {
        var text = Encoding.UTF8.GetString(DashboardFile.All[name].Body.Span);
        var isMarkup = Path.GetExtension(name) is ".html";

        Forbidden().Matches(text).Select(match => match.Value).ShouldBeEmpty();
        Elsewhere().Matches(text).Select(match => match.Value).ShouldAllBe(url => url == "http://www.w3.org/");
        if (isMarkup)
        {
            InlineCode().Matches(text).Select(match => match.Value).ShouldBeEmpty();
        }
    }

    [GeneratedRegex(
        @"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('style|@import|javascript:")]
    private static partial Regex Forbidden();

    [GeneratedRegex("(?:https?:)?//[a-z0-9.-]+\\.[a-z]+/")]
    private static partial Regex Elsewhere();

    [GeneratedRegex(@"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=")]
    private static partial Regex InlineCode();
}
