using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Management.Access;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Messages;

/// <summary>GET /messages.</summary>
public class MessageStreamTests
{
    /// <summary>Otherwise the buffers of the machine decide how much a reader that does not read may have.</summary>
    private static async ValueTask<Stream> ConnectWithASmallBufferAsync(SocketsHttpConnectionContext context, CancellationToken cancelled)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
        await socket.ConnectAsync(context.DnsEndPoint, cancelled);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_IsSubscribedThenRetainedThenLive()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, new MqttMessage { Topic = "home/lamp", Payload = "on"u8.ToArray(), Retain = true });
        using var reader = await MessageReader.OpenAsync(rig.Http, "home/#");
        reader.Response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        await PublishAsync(rig, new MqttMessage
        {
            Topic = "home/é",
            Payload = "a\n\"b\""u8.ToArray(),
            QoS = QualityOfService.AtLeastOnce,
            ExpiresAfter = TimeSpan.FromSeconds(9),
            ContentType = "text/x",
            CorrelationData = [1],
            UserProperties = [new("n", "v")],
        });

        (await reader.ExpectAsync("message")).GetRawText()
            .ShouldBe("""{"topic":"home/lamp","payload":"on","truncated":false,"size":2,"qos":0,"retain":true}""");
        var live = await reader.ExpectAsync("message");
        live.ShouldSatisfyAllConditions(
            m => m.GetProperty("topic").GetString().ShouldBe("home/é"),
            m => m.GetProperty("payload").GetString().ShouldBe("a\n\"b\""),
            m => m.GetProperty("qos").GetInt32().ShouldBe(1),
            m => m.GetProperty("expirySeconds").GetInt64().ShouldBe(9),
            m => m.GetProperty("contentType").GetString().ShouldBe("text/x"),
            m => m.GetProperty("correlationData").GetString().ShouldBe("AQ=="),
            m => m.GetProperty("userProperties").GetRawText().ShouldBe("""[{"name":"n","value":"v"}]"""),
            m => m.GetProperty("receivedAt").GetDateTimeOffset().ShouldBe(rig.Hub.StartedAt, TimeSpan.FromMinutes(10)));
    }

    [Theory]
    [InlineData("00ff")]
    [InlineData("c3")]
    [InlineData("61001b")]
    [InlineData("c285")]
    public async Task Message_ThatIsNoText_IsInBase64(string hex)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var reader = await MessageReader.OpenAsync(rig.Http, "t");
        var payload = Convert.FromHexString(hex);
        await PublishAsync(rig, new MqttMessage { Topic = "t", Payload = payload });

        var message = await reader.ExpectAsync("message");
        message.TryGetProperty("payload", out _).ShouldBeFalse();
        message.GetProperty("payloadBase64").GetBytesFromBase64().ShouldBe(payload);
    }

    /// <summary>The character in which it is cut is left out.</summary>
    [Fact]
    public async Task Message_ThatIsLong_IsCutAndSaysHowLongItIs()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var reader = await MessageReader.OpenAsync(rig.Http, "t");
        var text = "x" + new string('€', 30_000);
        await PublishAsync(rig, new MqttMessage { Topic = "t", Payload = Encoding.UTF8.GetBytes(text) });
        await PublishAsync(rig, new MqttMessage { Topic = "t", Payload = new byte[65_536] });

        var message = await reader.ExpectAsync("message");
        message.GetProperty("truncated").GetBoolean().ShouldBeTrue();
        message.GetProperty("size").GetInt32().ShouldBe(90_001);
        message.GetProperty("payload").GetString().ShouldBe(text[..21_846]);
        var whole = await reader.ExpectAsync("message");
        whole.GetProperty("truncated").GetBoolean().ShouldBeFalse();
        whole.GetProperty("payloadBase64").GetBytesFromBase64().Length.ShouldBe(65_536);
    }

    [Theory]
    [InlineData("/messages", "the filter is missing: /messages?filter=FILTER, with # as %23 and + as %2B")]
    [InlineData("/messages?filter=", "the filter is missing")]
    [InlineData("/messages?filter=a/%23/b", "'a/#/b' is not a topic filter (a plus sign in a query stands for a space, %2B for itself)")]
    [InlineData("/messages?filter=a&filter=", "'' is not a topic filter")]
    [InlineData("/messages?filter=a%00", @"'a\u{0}' is not a topic filter")]
    [InlineData("/messages?filter=$share/g/a", "a shared subscription would take messages away from its other members")]
    [InlineData("/messages?filter=$share/g", "'$share/g' is not a topic filter")]
    [InlineData("/messages?filter=1/2/3/4/5", "'1/2/3/4/5': 5 levels; at most 4 are allowed")]
    public async Task Stream_Wrong_Is400WithASentence(string path, string sentence)
    {
        await using var rig = await StartAsync(options => options with { MaxTopicLevels = 4 });
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(Token)).ShouldStartWith(sentence);
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Stream_TooManyFilters_Is400AndRepeatedOnesAreOne()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/messages?" + string.Join('&', Enumerable.Range(0, 17).Select(i => $"filter=t{i}")));
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(Token)).ShouldBe("17 filters are given; at most 16 are allowed\n");

        using var reader = await MessageReader.OpenAsync(rig.Http, [.. Enumerable.Repeat("t", 17)]);
        rig.Broker.Tree.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Stream_FiltersThatOverlap_SendEachMessageOnce()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        await PublishAsync(rig, new MqttMessage { Topic = "t", Payload = "0"u8.ToArray(), Retain = true });
        using var reader = await MessageReader.OpenAsync(rig.Http, "t", "#", "+");
        for (var i = 1; i < 3; i++)
        {
            await PublishAsync(rig, new MqttMessage { Topic = "t", Payload = new[] { (byte)('0' + i) } });
        }

        for (var i = 0; i < 3; i++)
        {
            (await reader.ExpectAsync("message")).GetProperty("payload").GetString().ShouldBe($"{i}");
        }
    }

    [Fact]
    public async Task Stream_AgainstTheRules_Is403()
    {
        await using var rig = await StartAsync(options => options with { Access = Rules.Of("allow all * open/#") });
        using var response = await rig.GetAsync("/messages?filter=open/x&filter=%23");

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await response.Content.ReadAsStringAsync(Token)).ShouldBe(
            "\"management\" may not subscribe to \"#\": see the rules in Broker:Access\n");
        using var system = await rig.GetAsync("/messages?filter=$SYS/%23");
        system.StatusCode.ShouldBe(HttpStatusCode.Forbidden, "it is judged like a client's subscription");
        rig.Broker.Statistics.Denied.ShouldBe(2);
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Stream_OfTheBrokersOwnTopics_IsAllowedByTheDefaultRules()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Broker.PublishSystem("$SYS/broker/x", "1"u8.ToArray());
        using var reader = await MessageReader.OpenAsync(rig.Http, "$SYS/#");

        (await reader.ExpectAsync("message")).GetProperty("topic").GetString().ShouldBe("$SYS/broker/x");
    }

    [Fact]
    public async Task Change_OfTheRules_EndsTheStreamAndSaysWhy()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var reader = await MessageReader.OpenAsync(rig.Http, "open", "secret/#");
        using var other = await MessageReader.OpenAsync(rig.Http, "open");

        await rig.Broker.AccessReview.ChangeAsync(Rules.Of("deny all * secret/#", "allow all * #"));

        (await reader.ExpectAsync("denied")).GetRawText().ShouldBe(
            JsonSerializer.Serialize(new
            {
                filter = "secret/#",
                message = "the access rules (Broker:Access) no longer allow \"management\" to subscribe to \"secret/#\"",
            }));
        (await reader.NextAsync("the end")).ShouldBeNull();
        await PublishAsync(rig, new MqttMessage { Topic = "open" });
        await other.ExpectAsync("message");
        rig.Broker.Tree.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Stop_OfTheBrokerOrTheManagement_EndsStreamsWithBye()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var first = await MessageReader.OpenAsync(rig.Http, "t");
        await PublishAsync(rig, new MqttMessage { Topic = "t" });
        await rig.Broker.CompleteAsync();
        await first.ExpectAsync("message");
        await first.ExpectAsync("bye");
        (await first.NextAsync("the end")).ShouldBeNull();

        await using var another = await ManagementRig.StartReadyAsync();
        using var second = await MessageReader.OpenAsync(another.Http, "t");
        await another.StopAsync();
        await second.ExpectAsync("bye");
        (await second.NextAsync("the end")).ShouldBeNull();
    }

    [Fact]
    public async Task Stream_NothingHappens_SendsHeartbeats()
    {
        await using var rig = await ManagementRig.StartReadyAsync(
            new ManagementOptions { FeedHeartbeat = TimeSpan.FromMilliseconds(100) });
        using var reader = await MessageReader.OpenAsync(rig.Http, "t");

        (await reader.ExpectAsync("heartbeat")).GetRawText().ShouldBe("{}");
        await reader.ExpectAsync("heartbeat");
        await PublishAsync(rig, new MqttMessage { Topic = "t" });
        for (var next = await reader.NextAsync(); next!.Type != "message"; next = await reader.NextAsync())
        {
            next.Type.ShouldBe("heartbeat");
        }
    }

    /// <summary>Every message is either sent or counted, the memory is bounded, and the publisher does not wait.</summary>
    [Fact]
    public async Task Stream_ReaderIsSlow_LosesMessagesAndIsTold()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectWithASmallBufferAsync })
        {
            BaseAddress = rig.Address,
        };
        using var reader = await MessageReader.OpenAsync(http, "t");
        const int Count = 20_000;
        for (var i = 0; i < Count; i++)
        {
            await PublishAsync(rig, new MqttMessage { Topic = "t", Payload = new byte[2_000] });
        }

        rig.Accounts.All.Single(account => account.Identity == "management")
            .Held(Streams.Events.CapacityResource.Memory).ShouldBeLessThan(5_000_000);
        long seen = 0, dropped = 0, total = 0;
        while (seen + dropped < Count)
        {
            var next = (await reader.NextAsync()).ShouldNotBeNull();
            if (next.Type == "dropped")
            {
                dropped += next.Json.GetProperty("count").GetInt64();
                total = next.Json.GetProperty("total").GetInt64();
            }
            else
            {
                next.Type.ShouldBe("message");
                seen++;
            }
        }

        dropped.ShouldBeGreaterThan(0);
        total.ShouldBe(dropped);
        (seen + dropped).ShouldBe(Count);
        rig.Broker.Statistics.Dropped.ShouldBe(dropped);
        var metrics = await rig.GetTextAsync("/metrics");
        metrics.ShouldContain($"cassini_management_messages_dropped_total {dropped}");
        metrics.ShouldContain($"cassini_management_messages_sent_total {seen}");
        metrics.ShouldContain("cassini_management_message_streams 1");
    }

    [Fact]
    public async Task Stream_ReaderNeverReads_IsCutAtTheEnd()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var reader = await MessageReader.OpenAsync(rig.Http, "t");
        for (var i = 0; i < 20_000; i++)
        {
            await PublishAsync(rig, new MqttMessage { Topic = "t", Payload = new byte[2_000] });
        }

        await rig.Broker.AccessReview.ChangeAsync([]);

        await Eventually.HoldsAsync("it is cut", () => rig.Accounts.All.All(account => account.Identity != "management"));
    }

    [Fact]
    public async Task Stream_ReaderGoesAway_LeavesNothing()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        for (var i = 0; i < 10; i++)
        {
            using var reader = await MessageReader.OpenAsync(rig.Http, "t", "u");
        }

        await Eventually.HoldsAsync("nothing is subscribed", () => rig.Broker.Tree.Count == 0);
        await Eventually.HoldsAsync("it has nothing", () => rig.Accounts.All.All(account => account.Identity != "management"));
    }

    [Fact]
    public async Task Stream_TooMany_IsRefused()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { MaxMessageStreams = 2 });
        using (await MessageReader.OpenAsync(rig.Http, "t"))
        {
            using var second = await MessageReader.OpenAsync(rig.Http, "t");
            using var third = await rig.GetAsync("/messages?filter=t");
            third.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await third.Content.ReadAsStringAsync(Token)).ShouldBe(
                "too many message streams: 2 are open, and no more are allowed\n");
        }

        await Eventually.BecomesAsync(
            "there is room again",
            async () =>
            {
                using var head = await rig.Http.GetAsync("/messages?filter=t", HttpCompletionOption.ResponseHeadersRead, Token);
                return head.StatusCode;
            },
            status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Stream_TooManyOfACaller_IsRefusedWhereCallersAreTold()
    {
        using var directory = new TempDirectory();
        await using var rig = await ClosedRig.StartAsync(
            directory.File("tokens"), options => options with { MaxMessageStreamsPerCaller = 1 });
        rig.Http.DefaultRequestHeaders.TryAddWithoutValidation(ClosedRig.Authorization.Name, ClosedRig.Authorization.Value);
        using var first = await MessageReader.OpenAsync(rig.Http, "t");
        using var second = await rig.GetAsync("/messages?filter=t");

        second.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Head_IsAnsweredWithoutASubscription()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var head = await rig.SendAsync(HttpMethod.Head, "/messages?filter=t");

        head.StatusCode.ShouldBe(HttpStatusCode.OK);
        head.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    private static Task<ManagementRig> StartAsync(Func<BrokerOptions, BrokerOptions> change) =>
        ManagementRig.StartReadyAsync(parts: new BrokerParts { Options = change(new BrokerOptions()) });

    private static async Task PublishAsync(ManagementRig rig, MqttMessage message) => await rig.Broker.PublishAsync(message, Token);
}
