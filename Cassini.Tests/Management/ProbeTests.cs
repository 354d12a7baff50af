using System.Net;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Tests.Health;

namespace Cassini.Tests.Management;

public class ProbeTests
{
    [Theory]
    [InlineData("/readyz")]
    [InlineData("/livez")]
    [InlineData("/readyz/")]
    [InlineData("/READYZ")]
    [InlineData("/readyz/bind")]
    [InlineData("/readyz/Bind/")]
    [InlineData("/livez/projection")]
    public async Task Probe_AllIsWell_AnswersOk(string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("ok");
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        response.Headers.Contains("Server").ShouldBeFalse();
    }

    [Fact]
    public async Task Readyz_BindFailed_SaysWhichCheckAndWhy()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        using var response = await rig.GetAsync("/readyz");

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n');
        lines.ShouldContain("[-]bind failed: BindFailed");
        lines.ShouldContain("[+]manager ok");
        lines.ShouldContain("readyz check failed");
        (await rig.GetTextAsync("/livez")).ShouldBe("ok");
    }

    [Theory]
    [InlineData("/readyz?verbose")]
    [InlineData("/readyz?verbose=")]
    [InlineData("/readyz?VERBOSE=1")]
    public async Task Readyz_Verbose_ListsItsChecksInOrder(string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.GetTextAsync(path)).ShouldBe("""
            [+]projection ok
            [+]bind ok
            [+]manager ok
            [+]accept ok
            [+]canary ok (off: CanaryDisabled)
            [+]supervision ok
            [+]certificate ok
            [+]capacity ok
            [+]store ok (off: StoreOff)
            [+]cluster ok (off: ClusterOff)
            [+]phase ok
            readyz check passed

            """.Replace("CanaryDisabled", rig.Health.Current.Checks.Single(check => check.Name == "canary").Reason));
    }

    [Fact]
    public async Task Readyz_DegradedCheck_IsOkAndSaysSo()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.Probed(milliseconds: 600));

        var accept = rig.Health.Current.Checks.Single(check => check.Name == "accept");
        accept.Status.ShouldBe(HealthStatus.Degraded);
        (await rig.GetTextAsync("/readyz?verbose")).ShouldContain($"[+]accept ok (degraded: {accept.Reason})\n");
    }

    [Fact]
    public async Task Readyz_TheFailingChecksExcluded_Passes()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed(), new PhaseEntered(Phase.Draining));

        (await rig.GetAsync("/readyz?exclude=bind&exclude=accept")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await rig.GetTextAsync("/readyz?exclude=bind&exclude=accept&exclude=PHASE")).ShouldBe("ok");
        (await rig.GetTextAsync("/readyz?exclude=bind&exclude=accept&exclude=phase&verbose")).ShouldContain("[+]bind excluded: ok\n");
    }

    [Fact]
    public async Task Readyz_UnknownExclusion_IsAWarningAndNoError()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/readyz?exclude=nonsense");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe("ok\nwarn: no check to exclude is named \"nonsense\"\n");
        (await rig.GetTextAsync("/readyz?exclude=nonsense&verbose")).ShouldContain("warn: no check to exclude is named \"nonsense\"\n");
    }

    [Theory]
    [InlineData("/readyz/nonsense", "/readyz has no check named \"nonsense\"; it has projection, bind")]
    [InlineData("/livez/bind", "/livez has no check named \"bind\"; it has projection, supervision")]
    [InlineData("/healthz/nonsense", "/healthz has no check named \"nonsense\"; it has projection, bind")]
    public async Task ProbeOfOneCheck_ThereIsNone_Is404AndNamesThoseThereAre(string path, string sentence)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith(sentence);
    }

    [Fact]
    public async Task ProbeOfOneCheck_AnotherCheckFails_IsOk()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());

        (await rig.GetTextAsync("/readyz/manager")).ShouldBe("ok");
        (await rig.GetTextAsync("/readyz/bind")).ShouldBe("[-]bind failed: BindFailed\nreadyz check failed\n");
        (await rig.GetAsync("/readyz/bind")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Readyz_JsonAsked_GivesReasonsAsJson()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        using var response = await rig.GetAsync("/readyz?exclude=accept&exclude=nonsense", "application/json");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        json.RootElement.GetProperty("probe").GetString().ShouldBe("readyz");
        json.RootElement.GetProperty("status").GetString().ShouldBe("error");
        json.RootElement.GetProperty("warnings").GetArrayLength().ShouldBe(1);
        var bind = json.RootElement.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("failed").GetBoolean());
        bind.GetProperty("name").GetString().ShouldBe("bind");
        bind.GetProperty("reason").GetString().ShouldBe("BindFailed");
        bind.GetProperty("message").GetString()!.ShouldContain(Happened.Endpoint);
    }

    [Theory]
    [InlineData("/readyz")]
    [InlineData("/livez")]
    [InlineData("/healthz")]
    [InlineData("/readyz/bind")]
    [InlineData("/metrics")]
    [InlineData("/connections")]
    public async Task Read_Head_AnswersAsGetWithoutBody(string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var head = await rig.SendAsync(HttpMethod.Head, path);
        using var get = await rig.GetAsync(path);

        head.StatusCode.ShouldBe(get.StatusCode);
        head.Content.Headers.ContentType.ShouldBe(get.Content.Headers.ContentType);
        head.Content.Headers.ContentLength.ShouldNotBeNull().ShouldBeGreaterThan(0);
        (await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("POST", "/readyz")]
    [InlineData("DELETE", "/healthz")]
    [InlineData("PUT", "/livez/projection")]
    [InlineData("POST", "/events")]
    public async Task Read_OtherMethod_Is405AndNamesWhatIsAllowed(string method, string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(new HttpMethod(method), path);

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.ShouldBe(["GET", "HEAD"], ignoreOrder: true);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldStartWith($"\"{method}\" is not allowed here");
    }

    [Fact]
    public async Task Probes_BeforeAnyEvidence_LiveAndNotReady()
    {
        await using var rig = await ManagementRig.StartAsync();

        (await rig.GetTextAsync("/livez")).ShouldBe("ok");
        (await rig.GetTextAsync("/readyz")).ShouldContain("[-]phase failed: Starting\n");
    }
}
