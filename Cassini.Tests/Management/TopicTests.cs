using System.Net;
using System.Text.Json;
using Cassini.Management;
using Cassini.Streams.Broker.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management;

public class TopicTests
{
    [Fact]
    public async Task Topics_InUse_AreListedByName()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var observing = rig.Broker.Observe("home/#").Subscribe(_ => { }, _ => { });
        await PublishAsync(rig, "work/desk", "home/door", "$SYS/broker/anything");
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = "home/lamp", Payload = "on"u8.ToArray(), Retain = true }, TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/topics"));

        json.RootElement.EnumerateObject().Select(property => property.Name).ShouldBe(["count", "truncated", "topics"]);
        json.RootElement.GetProperty("count").GetInt32().ShouldBe(3);
        json.RootElement.GetProperty("truncated").GetBoolean().ShouldBeFalse();
        Names(json).ShouldBe(["home/door", "home/lamp", "work/desk"]);
        var lamp = json.RootElement.GetProperty("topics")[1];
        lamp.EnumerateObject().Select(property => property.Name).ShouldBe(["name", "subscribers", "retained", "idleSeconds"]);
        lamp.GetProperty("subscribers").GetInt32().ShouldBe(1);
        lamp.GetProperty("retained").GetBoolean().ShouldBeTrue();
        lamp.GetProperty("idleSeconds").GetDouble().ShouldBeInRange(0, 60);
        json.RootElement.GetProperty("topics")[2].GetProperty("subscribers").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task Topics_PrefixAndLimit_NarrowTheList()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, [.. Enumerable.Range(0, 1_200).Select(i => $"many/{i:0000}"), "other"]);

        using var all = JsonDocument.Parse(await rig.GetTextAsync("/topics"));
        Names(all).Length.ShouldBe(100);
        all.RootElement.GetProperty("count").GetInt32().ShouldBe(1_201);
        all.RootElement.GetProperty("truncated").GetBoolean().ShouldBeTrue();

        using var most = JsonDocument.Parse(await rig.GetTextAsync("/topics?prefix=many%2F&limit=1000"));
        Names(most).ShouldBe(Enumerable.Range(0, 1_000).Select(i => $"many/{i:0000}"));
        most.RootElement.GetProperty("count").GetInt32().ShouldBe(1_200);

        using var one = JsonDocument.Parse(await rig.GetTextAsync("/topics?prefix=other&limit=1"));
        Names(one).ShouldBe(["other"]);
        one.RootElement.GetProperty("truncated").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("/topics?limit=0", "limit=\"0\" is not a whole number from 1 to 1,000")]
    [InlineData("/topics?limit=1001", "limit=\"1001\"")]
    [InlineData("/topics?limit=-1", "limit=\"-1\"")]
    [InlineData("/topics?limit=ten", "limit=\"ten\"")]
    [InlineData("/topics?limit=", "limit=\"\"")]
    [InlineData("/topics?limit=1&limit=2", "limit is given 2 times")]
    [InlineData("/topics?prefix=a&prefix=b", "prefix is given 2 times")]
    [InlineData("/subscriptions", "the topic is missing: /subscriptions?topic=NAME")]
    [InlineData("/subscriptions?topic=", "the topic is missing")]
    [InlineData("/subscriptions?topic=a&topic=b", "topic is given 2 times")]
    [InlineData("/subscriptions?topic=home%2F%23", "\"home/#\" is not a topic name")]
    [InlineData("/subscriptions?topic=%2B%2Fdoor", "\"+/door\" is not a topic name")]
    [InlineData("/subscriptions?topic=a%00b", "\"a\\u{0}b\" is not a topic name")]
    public async Task Request_Wrong_Is400WithASentence(string path, string sentence)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith(sentence);
    }

    [Fact]
    public async Task Subscriptions_ThatMatch_AreListed()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var first = rig.Broker.Observe("home/+").Subscribe(_ => { }, _ => { });
        using var second = rig.Broker.Observe("$share/g/home/#").Subscribe(_ => { }, _ => { });
        using var other = rig.Broker.Observe("work/#").Subscribe(_ => { }, _ => { });
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/subscriptions?topic=home/door"));

        json.RootElement.EnumerateObject().Select(property => property.Name).ShouldBe(["topic", "count", "truncated", "subscriptions"]);
        json.RootElement.GetProperty("topic").GetString().ShouldBe("home/door");
        json.RootElement.GetProperty("count").GetInt32().ShouldBe(2);
        var rows = json.RootElement.GetProperty("subscriptions");
        rows.EnumerateArray().Select(row => row.GetProperty("filter").GetString()).ShouldBe(["$share/g/home/#", "home/+"]);
        rows[0].EnumerateObject().Select(property => property.Name).ShouldBe(["clientId", "identity", "filter", "qos", "connected"]);
        rows[0].GetProperty("clientId").ValueKind.ShouldBe(JsonValueKind.Null);
        rows[0].GetProperty("qos").ValueKind.ShouldBe(JsonValueKind.Number);
        rows[0].GetProperty("connected").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Subscriptions_MoreThanAThousand_AreTruncated()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var observing = Enumerable.Range(0, 1_001).Select(_ => rig.Broker.Observe("a").Subscribe(_ => { }, _ => { })).ToList();
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/subscriptions?topic=a"));

        json.RootElement.GetProperty("count").GetInt32().ShouldBe(1_001);
        json.RootElement.GetProperty("truncated").GetBoolean().ShouldBeTrue();
        json.RootElement.GetProperty("subscriptions").GetArrayLength().ShouldBe(1_000);
        observing.ForEach(one => one.Dispose());
    }

    [Theory]
    [InlineData("/topics")]
    [InlineData("/subscriptions?topic=a")]
    public async Task Request_HostOfAnotherProtocol_Is404(string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var app = ManagementApp.Create(
            rig.Managed with { Mqtt = null }, rig.Options, NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        using var response = await http.GetAsync(path, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith("this host serves no MQTT");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private static string[] Names(JsonDocument json) =>
        [.. json.RootElement.GetProperty("topics").EnumerateArray().Select(topic => topic.GetProperty("name").GetString()!)];

    private static async Task PublishAsync(ManagementRig rig, params string[] topics)
    {
        foreach (var topic in topics)
        {
            await rig.Broker.PublishAsync(
                new MqttMessage { Topic = topic, Payload = "x"u8.ToArray() }, TestContext.Current.CancellationToken);
        }
    }
}
