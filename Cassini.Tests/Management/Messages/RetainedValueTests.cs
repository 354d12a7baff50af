using System.Net;
using System.Text.Json;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Management.Messages;

/// <summary>GET /retained, and GET /topics/tree.</summary>
public class RetainedValueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Retained_OfATopic_IsShownWithAllThatIsKnown()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var posted = await rig.Http.PostAsync(
            "/messages",
            new StringContent(
                """{"topic":"a/b","payload":"{\"on\":true}","qos":1,"retain":true,"expirySeconds":60,"contentType":"application/json"}""",
                System.Text.Encoding.UTF8, "application/json"),
            Token);
        posted.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/retained?topic=a/b"));

        json.RootElement.ShouldSatisfyAllConditions(
            value => value.GetProperty("payload").GetString().ShouldBe("{\"on\":true}"),
            value => value.GetProperty("qos").GetInt32().ShouldBe(1),
            value => value.GetProperty("size").GetInt32().ShouldBe(11),
            value => value.GetProperty("expirySeconds").GetInt64().ShouldBeInRange(1, 60),
            value => value.GetProperty("contentType").GetString().ShouldBe("application/json"),
            value => value.GetProperty("identity").GetString().ShouldBe("management"));
    }

    [Theory]
    [InlineData("/retained", HttpStatusCode.BadRequest, "the topic is missing: /retained?topic=NAME")]
    [InlineData("/retained?topic=", HttpStatusCode.BadRequest, "the topic is missing")]
    [InlineData("/retained?topic=a&topic=b", HttpStatusCode.BadRequest, "topic is given 2 times")]
    [InlineData("/retained?topic=a/%23", HttpStatusCode.BadRequest, "'a/#' is not a topic name: empty, or with a wildcard or U+0000 "
        + "(a plus sign in a query stands for a space, %2B for itself)")]
    [InlineData("/retained?topic=a%00", HttpStatusCode.BadRequest, @"'a\u{0}' is not a topic name")]
    [InlineData("/retained?topic=open/x", HttpStatusCode.NotFound, "\"open/x\" has no retained message\n")]
    [InlineData("/retained?topic=secret/x", HttpStatusCode.Forbidden,
        "\"management\" may not subscribe to \"secret/x\": see the rules in Broker:Access\n")]
    [InlineData("/topics/tree?under=a&under=b", HttpStatusCode.BadRequest, "under is given 2 times")]
    [InlineData("/topics/tree?under=a/%2B", HttpStatusCode.BadRequest, "under=\"a/+\" has what no topic has")]
    [InlineData("/topics/tree?under=a%00", HttpStatusCode.BadRequest, "under=\"a\\u{0}\" has what no topic has")]
    [InlineData("/topics/tree?open=a&open=%23", HttpStatusCode.BadRequest, "open=\"#\" has what no topic has")]
    [InlineData("/topics/tree?after=%23", HttpStatusCode.BadRequest, "after=\"#\" has what no topic has")]
    [InlineData("/topics/tree?limit=0", HttpStatusCode.BadRequest, "limit=\"0\" is not a whole number from 1 to 1,000")]
    public async Task Request_WithoutAnAnswer_SaysWhy(string path, HttpStatusCode status, string sentence)
    {
        await using var rig = await ManagementRig.StartReadyAsync(
            parts: new BrokerParts { Options = new BrokerOptions { Access = Rules.Of("allow all * open/#") } });
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "secret/x", Payload = new byte[1], Retain = true }, Token);
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(status);
        (await response.Content.ReadAsStringAsync(Token)).ShouldStartWith(sentence);
    }

    [Fact]
    public async Task Tree_OneLevel_HasItsNamesInPages()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var observing = rig.Broker.Observe("home/#").Subscribe(_ => { }, _ => { });
        foreach (var topic in (string[])["home", "home/a", "home/b", "home/b/c", "other", "$SYS/broker/x"])
        {
            await rig.Broker.PublishAsync(
                new MqttMessage { Topic = topic, Payload = new byte[1], Retain = topic == "home/b", QoS = QualityOfService.AtLeastOnce },
                Token);
        }

        (await rig.GetTextAsync("/topics/tree?limit=1")).ShouldStartWith("{\"under\":null,\"topics\":5,\"hasMore\":true,\"children\":"
            + "[{\"name\":\"home\",\"path\":\"home\",\"isTopic\":true,\"retained\":false,\"subscribers\":1,\"idleSeconds\":");
        using var next = JsonDocument.Parse(await rig.GetTextAsync("/topics/tree?limit=1&after=home"));
        next.RootElement.GetProperty("hasMore").GetBoolean().ShouldBeFalse();
        next.RootElement.GetProperty("children")[0].GetProperty("name").GetString().ShouldBe("other");
        using var below = JsonDocument.Parse(await rig.GetTextAsync("/topics/tree?under=home&open=home/b&open=home"));
        var open = below.RootElement.GetProperty("open");
        open[0].GetProperty("children")[0].GetProperty("path").GetString().ShouldBe("home/b/c");
        open[1].GetProperty("children").GetRawText().ShouldBe(below.RootElement.GetProperty("children").GetRawText());
        var rows = below.RootElement.GetProperty("children").EnumerateArray().ToList();
        rows.Select(row =>
            (row.GetProperty("path").GetString(), row.GetProperty("retained").GetBoolean(), row.GetProperty("below").GetInt32()))
            .ShouldBe([("home/a", false, 0), ("home/b", true, 1)]);
    }
}
