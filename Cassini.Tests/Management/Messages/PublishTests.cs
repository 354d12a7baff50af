using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Broker;
using Cassini.Tests.Management.Access;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Messages;

/// <summary>POST /messages.</summary>
public class PublishTests
{
    private const string TooLong = "the body has more than 66,900 bytes, which the largest message takes in base64\n";

    [Fact]
    public async Task Post_EveryField_IsPublishedAsItSays()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var seen = new TaskCompletionSource<MqttMessage>();
        using var observing = rig.Broker.Observe("home/#").Subscribe(seen.SetResult, _ => { });

        (await PostAsync(
            rig,
            """
            {"topic":"home/lamp","payload":"an\n€","qos":2,"retain":true,"expirySeconds":60,"isText":true,"contentType":"text/plain",
             "responseTopic":"answers","correlationData":"AQI=","userProperties":[{"name":"a","value":"1"},{"name":"a","value":"2"}]}
            """)).ShouldBe((HttpStatusCode.OK, """{"outcome":"delivered","topic":"home/lamp","size":6}"""));

        var message = await Eventually.CompletesAsync("it arrives", seen.Task);
        message.ShouldSatisfyAllConditions(
            m => Encoding.UTF8.GetString(m.Payload.Span).ShouldBe("an\n€"),
            m => m.QoS.ShouldBe(QualityOfService.ExactlyOnce),
            m => m.ExpiresAfter.ShouldBe(TimeSpan.FromSeconds(60)),
            m => m.IsText.ShouldBe(true),
            m => m.ContentType.ShouldBe("text/plain"),
            m => m.ResponseTopic.ShouldBe("answers"),
            m => m.CorrelationData!.Value.ShouldBe([1, 2]),
            m => m.UserProperties.Select(property => property.Value).ShouldBe(["1", "2"]));
        rig.Accounts.All.ShouldHaveSingleItem().Identity.ShouldBe("management", "it pays for what is retained");
    }

    [Theory]
    [InlineData("""{"topic":"t"}""", "noSubscribers", 0)]
    [InlineData("""{"topic":"t","payloadBase64":"AP8="}""", "noSubscribers", 2)]
    [InlineData("""{"topic":"t","payload":"1","retain":true}""", "notRetained", 1)]
    public async Task Post_SaysWhatBecameOfIt(string body, string outcome, int size)
    {
        await using var rig = await StartAsync(options => options with { MaxRetained = 0 });

        (await PostAsync(rig, body)).ShouldBe(
            (HttpStatusCode.OK, $$"""{"outcome":"{{outcome}}","topic":"t","size":{{size}}}"""));
    }

    [Theory]
    [InlineData("", "the body is no JSON: ")]
    [InlineData("{", "the body is no JSON: ")]
    [InlineData("{\"topic\":\"t\"} {}", "the body is no JSON: ")]
    [InlineData("{\"topic\":\"t\",\"topic\":\"u\"}", "the body is no JSON: ")]
    [InlineData("[]", "the body is no JSON object")]
    [InlineData("null", "the body is no JSON object")]
    [InlineData("{}", "topic is missing")]
    [InlineData("{\"topic\":\"\"}", "topic is missing")]
    [InlineData("{\"topic\":null}", "topic is no well-formed text")]
    [InlineData("{\"topic\":1}", "topic is no well-formed text")]
    [InlineData("{\"topic\":\"a\\ud800\"}", "topic is no well-formed text")]
    [InlineData("{\"\\ud800\":1}", "the name of a field is no well-formed text")]
    [InlineData("{\"topic\":\"t\",\"userProperties\":[{\"\\ud800\":\"a\",\"value\":\"b\"}]}", "the name of a field is no well-formed text")]
    [InlineData("{\"topic\":\"a/+\"}", "'a/+' is not a topic name")]
    [InlineData("{\"topic\":\"a/#\"}", "'a/#' is not a topic name")]
    [InlineData("{\"topic\":\"a\\u0000\"}", @"'a\u{0}' is not a topic name")]
    [InlineData("{\"topic\":\"1/2/3/4/5\"}", "'1/2/3/4/5': 5 levels; at most 4 are allowed")]
    [InlineData("{\"topic\":\"123456789012345678901\"}", "'123456789012345678901': 21 bytes; at most 20 are allowed")]
    [InlineData("{\"topic\":\"$SYS/x\"}", "only the broker itself publishes under $SYS/")]
    [InlineData("{\"topic\":\"t\",\"payload\":1}", "payload is no well-formed text")]
    [InlineData("{\"topic\":\"t\",\"payload\":\"\\udc00\"}", "payload is no well-formed text")]
    [InlineData("{\"topic\":\"t\",\"payloadBase64\":\"%\"}", "payloadBase64 is no base64")]
    [InlineData("{\"topic\":\"t\",\"payload\":\"\",\"payloadBase64\":\"\"}", "payload and payloadBase64 are both given: one is enough")]
    [InlineData("{\"topic\":\"t\",\"qos\":3}", "qos is none of 0, 1, 2")]
    [InlineData("{\"topic\":\"t\",\"qos\":-1}", "qos is none of 0, 1, 2")]
    [InlineData("{\"topic\":\"t\",\"qos\":\"1\"}", "qos is none of 0, 1, 2")]
    [InlineData("{\"topic\":\"t\",\"qos\":1.5}", "qos is none of 0, 1, 2")]
    [InlineData("{\"topic\":\"t\",\"retain\":1}", "retain is neither true nor false")]
    [InlineData("{\"topic\":\"t\",\"isText\":\"yes\"}", "isText is neither true nor false")]
    [InlineData("{\"topic\":\"t\",\"expirySeconds\":-1}", "expirySeconds is not a whole number from 0 to 4,294,967,295")]
    [InlineData("{\"topic\":\"t\",\"expirySeconds\":4294967296}", "expirySeconds is not a whole number")]
    [InlineData("{\"topic\":\"t\",\"contentType\":\"\\u0000\"}", "the content type is not well-formed Unicode, has U+0000")]
    [InlineData("{\"topic\":\"t\",\"contentType\":1}", "contentType is no well-formed text")]
    [InlineData("{\"topic\":\"t\",\"responseTopic\":\"a/#\"}", "the response topic 'a/#' is not a topic name")]
    [InlineData("{\"topic\":\"t\",\"correlationData\":\"?\"}", "correlationData is no base64")]
    [InlineData("{\"topic\":\"t\",\"userProperties\":{}}", "userProperties is not a list of ")]
    [InlineData("{\"topic\":\"t\",\"userProperties\":[{\"name\":\"a\"}]}", "userProperties is not a list of ")]
    [InlineData("{\"topic\":\"t\",\"userProperties\":[{\"name\":\"a\",\"value\":\"\\u0000\"}]}", "a user property is not well-formed")]
    [InlineData("{\"topic\":\"t\",\"Payload\":\"\"}", "\"Payload\" is none of topic, payload, payloadBase64, qos, retain")]
    public async Task Post_Wrong_Is400WithASentence(string body, string sentence)
    {
        await using var rig = await StartAsync(options => options with { MaxTopicLength = 20, MaxTopicLevels = 4 });
        var (status, text) = await PostAsync(rig, body);

        status.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldStartWith(sentence);
        text.ShouldEndWith("\n");
        text.Count(c => c == '\n').ShouldBe(1);
        rig.Broker.Topics.Count.ShouldBe(0);
    }

    /// <summary>Bytes that are no UTF-8 are no text.</summary>
    [Fact]
    public async Task Post_BrokenBytes_Is400()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var content = new ByteArrayContent([.. "{\"topic\":\"a"u8, 0xFF, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await PostAsync(rig, content);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task Post_AnotherType_Is415(string? type)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var content = new StringContent("{\"topic\":\"t\"}");
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        using var response = await PostAsync(rig, content);

        response.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await TextAsync(response)).ShouldBe($"the body is \"{type}\" and not application/json\n");
    }

    /// <summary>A caller that asks first sends nothing of it.</summary>
    [Fact]
    public async Task Post_SaysThatItIsLargerThanAnyMessage_Is413WithoutReadingIt()
    {
        await using var rig = await StartAsync(options => options with { MaxPacketSize = 1_024 });
        using var content = new StuckContent(Token, length: 10_000_000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/messages") { Content = content };
        request.Headers.ExpectContinue = true;
        using var http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Eventually.Deadline })
        {
            BaseAddress = rig.Address,
        };
        using var response = await Eventually.CompletesAsync("it is answered", http.SendAsync(request, Token));

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await TextAsync(response)).ShouldBe(TooLong);
        content.Begun.IsCompleted.ShouldBeFalse();
    }

    /// <summary>The answer comes as soon as it is too long, and not when the rest has come.</summary>
    [Fact]
    public async Task Post_InChunksLargerThanAnyMessage_Is413AtTheFirstByteTooMuch()
    {
        await using var rig = await StartAsync(options => options with { MaxPacketSize = 1_024 });
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, rig.Address.Port, Token);
        const string Head = "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\n\r\nfffff\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Head + new string(' ', 66_901)), Token);
        var text = "";
        for (var part = new byte[4_096]; !text.EndsWith(TooLong, StringComparison.Ordinal);)
        {
            var read = await Eventually.CompletesAsync($"it is answered after {text}", client.GetStream().ReadAsync(part, Token).AsTask());
            read.ShouldBeGreaterThan(0, text);
            text += Encoding.UTF8.GetString(part, 0, read);
        }

        text.ShouldStartWith("HTTP/1.1 413 ");
    }

    // Otherwise it would be an exception of the application, whose stack everyone who may post could have logged.
    [Theory]
    [InlineData("zz")]
    [InlineData("80000000")]
    [InlineData("FFFFFFFFFFFFFFFF")]
    public async Task Post_BrokenChunk_Is400WithASentence(string size)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, rig.Address.Port, Token);
        const string Head = "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Head + "Transfer-Encoding: chunked\r\n\r\n" + size + "\r\n"), Token);

        using var reader = new StreamReader(client.GetStream());
        (await Eventually.CompletesAsync("it is answered", reader.ReadLineAsync(Token).AsTask())).ShouldStartWith("HTTP/1.1 400 ");
        await Eventually.BecomesAsync(
            "it says why", async ValueTask<string?> () => await reader.ReadLineAsync(Token),
            line => line!.StartsWith("the body cannot be read: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(900, HttpStatusCode.OK)]
    [InlineData(1_100, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Post_MessageLargerThanAPacketMayBe_Is413(int size, HttpStatusCode expected)
    {
        await using var rig = await StartAsync(options => options with { MaxPacketSize = 1_024 });
        var (status, text) = await PostAsync(
            rig, $$"""{"topic":"t","payloadBase64":"{{Convert.ToBase64String(new byte[size])}}"}""");

        status.ShouldBe(expected, text);
        if (expected != HttpStatusCode.OK)
        {
            text.ShouldBe("the message takes 1,114 bytes; at most 1,024 are allowed (Broker:MaxPacketSize)\n");
        }
    }

    [Fact]
    public async Task Post_LargestMessage_IsPublishedInBase64AndChunked()
    {
        await using var rig = await StartAsync(options => options with { MaxPacketSize = 1024 * 1024 });
        var seen = new TaskCompletionSource<MqttMessage>();
        using var observing = rig.Broker.Observe("t").Subscribe(seen.SetResult, _ => { });
        var payload = new byte[(1024 * 1024) - 20];
        new Random(1).NextBytes(payload);
        using var content = new StringContent($$"""{"topic":"t","payloadBase64":"{{Convert.ToBase64String(payload)}}"}""");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/messages") { Content = content };
        request.Headers.TransferEncodingChunked = true;
        using var response = await Eventually.CompletesAsync("it is answered", rig.Http.SendAsync(request, Token));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Eventually.CompletesAsync("it arrives", seen.Task)).Payload.ToArray().ShouldBe(payload);
    }

    [Fact]
    public async Task Post_AgainstTheRules_Is403AndSeenByOperators()
    {
        await using var rig = await StartAsync(
            options => options with { Access = Rules.Of("deny publish ops secret/#", "allow all * #") },
            new ManagementOptions { ClientIdentity = "ops" });

        (await PostAsync(rig, """{"topic":"secret/x"}""")).ShouldBe(
            (HttpStatusCode.Forbidden, "\"ops\" may not publish to \"secret/x\": see the rules in Broker:Access\n"));
        (await PostAsync(rig, """{"topic":"open/x"}""")).Status.ShouldBe(HttpStatusCode.OK);
        (await PostAsync(rig, """{"topic":"$canary/x"}""")).Status.ShouldBe(HttpStatusCode.Forbidden);
        rig.Broker.Statistics.Denied.ShouldBe(2);
        var denied = await Eventually.BecomesAsync(
            "it is published",
            () => Enumerable.Range(1, (int)rig.Hub.Log.Newest)
                .Select(at => rig.Hub.Log.TryGet(at, out var envelope) ? envelope.Event : null)
                .OfType<AccessDenied>().FirstOrDefault(),
            found => found is not null);
        (denied!.Identity, denied.Action, denied.Topic).ShouldBe(("ops", "publish", "secret/x"));
        denied.RemoteAddress.ShouldNotBeNull().ShouldStartWith("127.0.0.1:");
    }

    [Fact]
    public async Task Post_WhileTheBrokerCannotTakeIt_Is503WithTheReason()
    {
        var store = new InMemoryStore();
        await using var rig = await StartAsync(options => options, store: store);
        store.Refusal = "the disk is full";
        var (status, text) = await PostAsync(rig, """{"topic":"t","payload":"1","retain":true}""");
        (status, text).ShouldBe(
            (HttpStatusCode.ServiceUnavailable, "the store keeps no new messages now (the disk is full): the message was not published\n"));

        await rig.Broker.Drain.CloseIntakeAsync(Token);
        (await PostAsync(rig, """{"topic":"t"}""")).ShouldBe(
            (HttpStatusCode.ServiceUnavailable, "the broker is shutting down: the message was not published\n"));
    }

    [Fact]
    public async Task Post_NoMemory_Is503()
    {
        await using var rig = await ManagementRig.StartReadyAsync(parts: new BrokerParts
        {
            Options = new BrokerOptions { MemoryLimit = 2_000_000, MemoryPatience = TimeSpan.FromMilliseconds(1) },
            Quota = new QuotaOptions { Memory = Share.Percent(1) },
        });
        (await PostAsync(rig, $$"""{"topic":"t","retain":true,"payload":"{{new string('x', 20_000)}}"}""")).Status
            .ShouldBe(HttpStatusCode.OK);

        (await PostAsync(rig, """{"topic":"t"}""")).ShouldBe(
            (HttpStatusCode.ServiceUnavailable,
                "\"management\" may take no more memory for messages now: the message was not published\n"));
    }

    [Fact]
    public async Task Post_StoredMessage_IsAnsweredWhenItIsDurable()
    {
        var store = new InMemoryStore();
        await using var rig = await StartAsync(options => options, store: store);
        var written = new TaskCompletionSource();
        store.Committing = () => written.Task;

        var posting = PostAsync(rig, """{"topic":"t","payload":"1","qos":1,"retain":true}""");
        await Eventually.HoldsAsync("it waits for the disk", () => store.Durability.Waiting == 1);
        posting.IsCompleted.ShouldBeFalse();
        (await rig.GetTextAsync("/metrics")).ShouldContain(
            "\ncassini_management_messages_published_total 1\n",
            customMessage: "it is counted, although its caller may not wait for the answer");
        written.SetResult();

        (await posting).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Stop_MessageWaitsForTheDisk_IsAnsweredThatItMayNotBeThere()
    {
        var store = new InMemoryStore { Committing = () => new TaskCompletionSource().Task };
        await using var rig = await StartAsync(options => options, store: store);
        var posting = PostAsync(rig, """{"topic":"t","payload":"1","retain":true}""");
        await Eventually.HoldsAsync("it waits for the disk", () => store.Durability.Waiting == 1);

        await rig.StopAsync();

        (await posting).ShouldBe(
            (HttpStatusCode.ServiceUnavailable, "the broker stopped before the message was on disk: it may have been delivered\n"));
    }

    [Fact]
    public async Task Post_HostOfAnotherProtocol_Is404()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var app = ManagementApp.Create(
            rig.Managed with { Mqtt = null }, rig.Options, NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(Token);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        foreach (var path in (string[])["/messages?filter=t", "/retained?topic=t", "/topics/tree"])
        {
            using var got = await http.GetAsync(path, Token);
            got.StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await TextAsync(got)).ShouldStartWith("this host serves no MQTT");
        }

        using var response = await http.PostAsync("/messages", new StringContent("{}"), Token);
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await app.StopAsync(Token);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Origin", "http://elsewhere.example")]
    [InlineData("Host", "elsewhere.example")]
    public async Task Post_OfAnotherSite_Is403(string header, string value)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/messages") { Content = Json("""{"topic":"t"}""") };
        request.Headers.TryAddWithoutValidation(header, value).ShouldBeTrue();
        using var response = await Eventually.CompletesAsync("it is answered", rig.Http.SendAsync(request, Token));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        rig.Broker.Topics.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Post_WhereCredentialsAreNeeded_NeedsThem()
    {
        using var directory = new TempDirectory();
        await using var rig = await ClosedRig.StartAsync(directory.File("tokens"));
        (await PostAsync(rig, """{"topic":"t"}""")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        using var get = await rig.GetAsync("/messages?filter=t");
        get.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        rig.Broker.Topics.Count.ShouldBe(0);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/messages") { Content = Json("""{"topic":"t"}""") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ClosedRig.Token);
        using var response = await Eventually.CompletesAsync("it is answered", rig.Http.SendAsync(request, Token));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Post_Many_AreLoggedWithWhoAskedButNotEach()
    {
        using var loggers = new RecordingLoggers();
        await using var rig = await ManagementRig.StartReadyAsync(parts: new BrokerParts { Loggers = loggers });
        for (var i = 0; i < 60; i++)
        {
            (await PostAsync(rig, """{"topic":"t\n","payload":"12"}""")).Status.ShouldBe(HttpStatusCode.OK);
        }

        var lines = loggers.Lines.Where(line => line.Id == 2150).ToList();
        lines.Count.ShouldBeInRange(20, 59);
        lines[0].Text.ShouldBe(
            @"a caller without credentials from 127.0.0.1 published 2 bytes to 't\n' as 'management', QoS 0, retain False: noSubscribers");
        (await rig.GetTextAsync("/metrics")).ShouldContain("cassini_management_messages_published_total 60");
    }

    /// <summary>One that never ends its body takes a place, and no more.</summary>
    [Fact]
    public async Task Post_ManyThatDoNotEnd_LeaveRoomForNoMoreThanThePlaces()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var stop = new CancellationTokenSource();
        List<Task> open = [];
        for (var i = 0; i < 32; i++)
        {
            var content = new StuckContent(stop.Token);
            open.Add(rig.Http.PostAsync("/messages", content, stop.Token));
            await Eventually.CompletesAsync("it has begun", content.Begun);
        }

        var (status, text) = await Eventually.BecomesAsync(
            "all places are taken", async () => await PostAsync(rig, """{"topic":"t"}"""),
            answer => answer.Status == HttpStatusCode.ServiceUnavailable);
        text.ShouldBe("too many messages under way: 32 are open, and no more are allowed\n", $"{status}");
        await stop.CancelAsync();
        await Task.WhenAll(open).ContinueWith(_ => { }, TaskScheduler.Default);
        await Eventually.BecomesAsync(
            "there is room again", async () => await PostAsync(rig, """{"topic":"t"}"""),
            answer => answer.Status == HttpStatusCode.OK);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<ManagementRig> StartAsync(
        Func<BrokerOptions, BrokerOptions> change, ManagementOptions? options = null, InMemoryStore? store = null) =>
        ManagementRig.StartReadyAsync(options, parts: new BrokerParts { Options = change(new BrokerOptions()), Store = store });

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(ManagementRig rig, string body)
    {
        using var response = await PostAsync(rig, Json(body));
        return (response.StatusCode, await TextAsync(response));
    }

    private static Task<HttpResponseMessage> PostAsync(ManagementRig rig, HttpContent content) =>
        Eventually.CompletesAsync("POST /messages", rig.Http.PostAsync("/messages", content, Token));

    private static Task<string> TextAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync(Token);

    /// <summary>A body that begins and does not end.</summary>
    private sealed class StuckContent : HttpContent
    {
        private readonly CancellationToken _stop;
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly long? _length;

        public StuckContent(CancellationToken stop, long? length = null)
        {
            _stop = stop;
            _length = length;
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public Task Begun => _begun.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("{"u8.ToArray());
            await stream.FlushAsync();
            _begun.TrySetResult();
            var stopped = new TaskCompletionSource();
            await using var registration = _stop.Register(stopped.SetCanceled);
            await stopped.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _length ?? 0;
            return _length is not null;
        }
    }
}
