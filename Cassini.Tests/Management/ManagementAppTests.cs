using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Cassini.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management;

public class ManagementAppTests
{
    [Fact]
    public async Task Index_Get_ListsWhatThereIs()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.GetTextAsync("/")).ShouldContain("GET    /subscriptions");
    }

    [Fact]
    public async Task UnknownPath_Get_Is404WithASentence()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/nonsense");

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe("there is nothing at \"/nonsense\"; GET / lists what there is\n");
    }

    [Fact]
    public async Task Create_NoAddress_IsRefused()
    {
        await using var rig = await ManagementRig.StartAsync();

        Should.Throw<ArgumentException>(() => rig.CreateAnother(rig.Options with { Address = "banana" }));
    }

    [Fact]
    public async Task Start_PortInUse_ThrowsOneClearException()
    {
        await using var rig = await ManagementRig.StartAsync();
        await using var second = rig.CreateAnother(rig.Options with { Address = rig.Address.Authority });

        var refused = await Should.ThrowAsync<IOException>(second.StartAsync(TestContext.Current.CancellationToken));
        refused.Message.ShouldContain(rig.Address.Authority);
    }

    [Fact]
    public async Task Start_Ipv6Loopback_Answers()
    {
        if (!Socket.OSSupportsIPv6)
        {
            Assert.Skip("This machine has no IPv6.");
        }

        await using var rig = await ManagementRig.StartReadyAsync();
        await using var app = rig.CreateAnother(rig.Options with { Address = "[::1]:0" });
        await app.StartAsync(TestContext.Current.CancellationToken);

        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        (await http.GetStringAsync("/readyz", TestContext.Current.CancellationToken)).ShouldBe("ok");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("[::]:0")]
    [InlineData("[::ffff:127.0.0.1]:0")]
    public async Task Start_AddressThatHasIpv4Too_AnswersThere(string address)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var app = rig.CreateAnother(rig.Options with { Address = address });
        await app.StartAsync(TestContext.Current.CancellationToken);

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ManagementApp.AddressOf(app).Port}") };
        (await http.GetStringAsync("/readyz", TestContext.Current.CancellationToken)).ShouldBe("ok");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    public static TheoryData<string, int> Absurd => new()
    {
        { "GET /readyz?wait=%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
        { "GET /readyz?exclude=%ff&exclude=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 200 },
        { "GET /readyz?wait=\u00ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
        { "GET /readyz/%2e%2e%2fetc HTTP/1.1\r\nHost: localhost\r\n\r\n", 404 },
        { "GET /readyz/" + new string('x', 10_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 404 },
        { "GET /events?lastEventId=" + new string('9', 10_000) + "&types=nonsense HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
        { "GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " + new string('9', 20_000) + "\r\n\r\n", 431 },
        { "GET /" + new string('x', 20_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414 },
        { "GET /readyz HTTP/1.1\r\n\r\n", 400 },
        { "GET /readyz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
        { "GET /healthz HTTP/1.1\r\nHost: localhost\r\nAccept: \u0001;;q=,,/\r\n\r\n", 200 },
        { "POST /faults/crash-manager HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 400 },
        { "\u0016\u0003\u0001\u0002\u0000\r\n\r\n", 400 },
    };

    [Theory]
    [MemberData(nameof(Absurd))]
    public async Task Request_Absurd_GetsItsErrorAndAffectsNoOtherCaller(string request, int status)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, rig.Address.Port, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using var answer = new StreamReader(new NetworkStream(socket));

        var line = answer.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        (await line.WaitAsync(Eventually.Deadline, TimeProvider.System, TestContext.Current.CancellationToken))
            .ShouldNotBeNull().ShouldStartWith($"HTTP/1.1 {status} ");
        (await rig.GetTextAsync("/readyz")).ShouldBe("ok");
    }

    [Fact]
    public async Task Document_Get_DescribesEveryPathWithItsParametersAndCodes()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/openapi/v1.json");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var paths = json.RootElement.GetProperty("paths");

        paths.EnumerateObject().Select(path => path.Name).ShouldBe(
            [
                "/", "/livez", "/livez/{check}", "/readyz", "/readyz/{check}", "/healthz", "/healthz/{check}",
                "/events", "/fleet", "/fleet/{node}", "/runs", "/events/{id}", "/state", "/metrics",
                "/certificates", "/connections", "/connections/{id}", "/handshakes", "/topics", "/topics/tree", "/subscriptions",
                "/messages",
                "/config", "/log-level",
                "/identities", "/identities/{identity}", "/sessions", "/sessions/{client}", "/clients/{client}", "/retained",
                "/drain", "/faults/{fault}", "/runbook", "/runbook.css",
            ],
            ignoreOrder: true);
        var readyz = paths.GetProperty("/readyz").GetProperty("get");
        readyz.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString())
            .ShouldBe(["verbose", "exclude", "wait"], ignoreOrder: true);
        foreach (var waiting in new[] { "/livez", "/readyz", "/readyz/{check}", "/healthz", "/healthz/{check}", "/events" })
        {
            paths.GetProperty(waiting).GetProperty("get").GetProperty("responses").EnumerateObject().Select(answer => answer.Name)
                .ShouldBe(
                    waiting == "/events" || waiting.EndsWith("{check}", StringComparison.Ordinal)
                        ? ["200", "503", "400", "404", "429"]
                        : ["200", "503", "400", "429"],
                    ignoreOrder: true, waiting);
        }

        paths.GetProperty("/drain").GetProperty("post").GetProperty("responses").EnumerateObject().Select(answer => answer.Name)
            .ShouldBe(["202", "400", "401", "403", "429"], ignoreOrder: true);
        paths.GetProperty("/readyz").TryGetProperty("head", out _).ShouldBeTrue();
        paths.GetProperty("/connections/{id}").GetProperty("delete").GetProperty("responses").EnumerateObject()
            .Select(answer => answer.Name)
            .ShouldBe(["202", "400", "403", "404"], ignoreOrder: true);
        paths.GetProperty("/topics").GetProperty("get").GetProperty("parameters").EnumerateArray()
            .Select(parameter => parameter.GetProperty("name").GetString())
            .ShouldBe(["prefix", "limit"], ignoreOrder: true);
        paths.GetProperty("/subscriptions").GetProperty("get").GetProperty("responses").EnumerateObject().Select(answer => answer.Name)
            .ShouldBe(["200", "400", "404"], ignoreOrder: true);
        paths.GetProperty("/events").GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content")
            .TryGetProperty("text/event-stream", out _).ShouldBeTrue();
        json.RootElement.GetProperty("components").GetProperty("schemas").TryGetProperty("HealthSnapshot", out _).ShouldBeTrue();
    }
}
