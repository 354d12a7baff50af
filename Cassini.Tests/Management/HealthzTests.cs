using System.Net;
using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Tests.Health;

namespace Cassini.Tests.Management;

public class HealthzTests
{
    [Fact]
    public async Task Healthz_Body_HasTheSamplesNamesOrderAndTypes()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(
            new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"),
            new TopicCreated("jobs/build"),
            new ListenerConfigured("127.0.0.1:8884"),
            Happened.BindFailed("127.0.0.1:8884"));
        using var sample = JsonDocument.Parse(
            typeof(HealthzTests).Assembly.GetManifestResourceStream(typeof(HealthzTests), "healthz.sample.json")!);
        using var actual = JsonDocument.Parse(await rig.GetTextAsync("/healthz"));

        ShapeOf(actual.RootElement).ShouldBe(ShapeOf(sample.RootElement));
        actual.RootElement.GetProperty("status").GetString().ShouldBe("error");
    }

    [Fact]
    public async Task Healthz_Name_IsInEveryForm()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { Name = "shop-1" });
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/healthz"));
        using var format = JsonDocument.Parse(await rig.GetTextAsync("/healthz", "application/health+json"));
        using var excluding = JsonDocument.Parse(await rig.GetTextAsync("/healthz?exclude=canary"));
        using var state = JsonDocument.Parse(await rig.GetTextAsync("/state"));

        json.RootElement.GetProperty("name").GetString().ShouldBe("shop-1");
        excluding.RootElement.GetProperty("name").GetString().ShouldBe("shop-1");
        state.RootElement.GetProperty("name").GetString().ShouldBe("shop-1");
        format.RootElement.GetProperty("description").GetString().ShouldBe("health of the Cassini broker shop-1");
    }

    [Fact]
    public async Task Healthz_Times_AreUtcWithMilliseconds()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/healthz"));

        json.RootElement.GetProperty("asOf").GetString()!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
        json.RootElement.GetProperty("startedAt").GetString()!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
    }

    [Fact]
    public async Task Healthz_Statuses_OkAndDegradedAre200ErrorIs503()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        (await StatusAsync(rig)).ShouldBe((HttpStatusCode.OK, "ok"));

        rig.Publish(Happened.Probed(milliseconds: 600));
        (await StatusAsync(rig)).ShouldBe((HttpStatusCode.OK, "degraded"));

        rig.Publish(Happened.BindFailed());
        (await StatusAsync(rig)).ShouldBe((HttpStatusCode.ServiceUnavailable, "error"));
        (await rig.GetAsync("/healthz")).Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task Healthz_AfterEachEvent_IsNeverAnOldBody()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        for (var i = 0; i < 50; i++)
        {
            rig.Publish(new ConnectionAccepted(i + 1, Happened.Endpoint, "127.0.0.1:40000"));
            using var json = JsonDocument.Parse(await rig.GetTextAsync("/healthz"));
            json.RootElement.GetProperty("activeListeners").GetInt32().ShouldBe(i + 1);
        }
    }

    [Fact]
    public async Task Healthz_HealthJsonAsked_GivesPassWarnFail()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var pass = await rig.GetAsync("/healthz", "application/health+json");
        using var passed = JsonDocument.Parse(await pass.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        pass.StatusCode.ShouldBe(HttpStatusCode.OK);
        pass.Content.Headers.ContentType!.MediaType.ShouldBe("application/health+json");
        passed.RootElement.GetProperty("status").GetString().ShouldBe("pass");
        passed.RootElement.GetProperty("version").GetString().ShouldBe("1");
        passed.RootElement.GetProperty("releaseId").GetString().ShouldBe("0.1.0");
        passed.RootElement.TryGetProperty("output", out _).ShouldBeFalse();
        passed.RootElement.GetProperty("checks").TryGetProperty("canary:status", out _).ShouldBeFalse("it is off");

        rig.Publish(Happened.Probed(milliseconds: 600));
        using var warned = JsonDocument.Parse(await rig.GetTextAsync("/healthz", "application/health+json"));
        warned.RootElement.GetProperty("status").GetString().ShouldBe("warn");

        rig.Publish(Happened.BindFailed());
        using var fail = await rig.GetAsync("/healthz", "application/health+json");
        using var failed = JsonDocument.Parse(await fail.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        fail.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        failed.RootElement.GetProperty("status").GetString().ShouldBe("fail");
        failed.RootElement.GetProperty("output").GetString()!.ShouldContain("bind BindFailed");
        var bind = failed.RootElement.GetProperty("checks").GetProperty("bind:status")[0];
        bind.GetProperty("componentType").GetString().ShouldBe("component");
        bind.GetProperty("status").GetString().ShouldBe("fail");
        bind.GetProperty("time").GetString().ShouldNotBeNullOrEmpty();
        bind.GetProperty("output").GetString()!.ShouldContain("BindFailed");
    }

    [Theory]
    [InlineData("/healthz?verbose", null)]
    [InlineData("/healthz", "text/plain")]
    public async Task Healthz_TextAsked_ListsEveryCheck(string path, string? accept)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var text = await rig.GetTextAsync(path, accept);

        text.ShouldContain("[+]handshake ok\n");
        text.ShouldContain("[+]backlog ok\n");
        text.ShouldEndWith("healthz check passed\n");
    }

    [Fact]
    public async Task Healthz_TheFailingChecksExcluded_HasTheStatusOfTheRest()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        using var response = await rig.GetAsync("/healthz?exclude=bind&exclude=accept");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        json.RootElement.GetProperty("status").GetString().ShouldBe("ok");
        (await rig.GetTextAsync("/healthz?exclude=bind&exclude=accept", "application/health+json"))
            .ShouldContain("\"status\":\"pass\",\"version\"");
        (await rig.GetAsync("/healthz?exclude=bind")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task HealthzOfOneCheck_AsJson_IsThatCheck()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        using var response = await rig.GetAsync("/healthz/bind");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        json.RootElement.GetProperty("name").GetString().ShouldBe("bind");
        json.RootElement.GetProperty("reason").GetString().ShouldBe("BindFailed");
        (await rig.GetAsync("/healthz/manager")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<(HttpStatusCode Code, string? Status)> StatusAsync(ManagementRig rig)
    {
        using var response = await rig.GetAsync("/healthz");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (response.StatusCode, json.RootElement.GetProperty("status").GetString());
    }

    /// <summary>Names in order with their types; of an array, the shape of its first item. A null fits any type.</summary>
    private static string ShapeOf(JsonElement element, string path = "") => element.ValueKind switch
    {
        JsonValueKind.Object =>
            string.Concat(element.EnumerateObject().Select(property => ShapeOf(property.Value, $"{path}.{property.Name}"))),
        JsonValueKind.Array when path.EndsWith("evidence", StringComparison.Ordinal) => path + ": strings\n",
        JsonValueKind.Array => $"{path}: array\n" + ShapeOf(element[0], path + "[]"),
        JsonValueKind.True or JsonValueKind.False => path + ": boolean\n",
        JsonValueKind.Number => path + ": number\n",
        _ => path + ": string or null\n",
    };
}
