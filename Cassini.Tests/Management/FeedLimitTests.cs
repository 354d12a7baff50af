using System.Net;
using System.Net.Sockets;
using System.Text;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Cassini.Tests.Management;

public class FeedLimitTests
{
    [Fact]
    public async Task Events_PastTheCap_Is503UntilOneLeaves()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { MaxFeeds = 2 });
        using var first = await FeedReader.OpenAsync(rig);
        var second = await FeedReader.OpenAsync(rig);
        using (var refused = await rig.GetAsync("/events"))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
            (await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith("too many feeds: 2 are open");
        }

        second.Dispose();
        await SubscribersAsync(rig, 1);
        using var third = await FeedReader.OpenAsync(rig);
        await third.ExpectAsync("snapshot");
        (await rig.GetTextAsync("/metrics")).ShouldContain("cassini_feed_refused_total 1\n");
    }

    /// <summary>A place is taken before the answer begins: however that fails, it is given back.</summary>
    [Fact]
    public async Task Events_AnswerCannotBegin_GivesThePlaceBack()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { MaxFeeds = 1 });
        var events = rig.Endpoints.Single(endpoint => endpoint.RoutePattern.RawText == "/events");
        var broken = new DefaultHttpContext();
        broken.Features.Set<IHttpMinResponseDataRateFeature>(new BrokenConnection());
        broken.Request.Method = "GET";
        broken.Request.Host = new HostString("localhost");
        broken.Request.Headers.Accept = "text/event-stream";

        await Should.ThrowAsync<IOException>(() => events.RequestDelegate!(broken));

        using var feed = await FeedReader.OpenAsync(rig);
        feed.Response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await rig.GetTextAsync("/metrics")).ShouldContain("cassini_feed_subscribers 1\n");
    }

    [Fact]
    public async Task Events_TheSurfaceStops_EndWithByeAfterEverythingPublished()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { FeedHeartbeat = TimeSpan.FromMinutes(10) });
        using var feed = await FeedReader.OpenAsync(rig);
        await feed.ExpectAsync("snapshot");
        rig.Publish(new TopicCreated("the last"));
        var stopped = rig.StopAsync();

        var last = await feed.ExpectEventAsync("topicCreated");
        (await feed.ExpectAsync("bye")).Id.ShouldBe(last.Id);
        (await feed.NextAsync("the end of the feed")).ShouldBeNull();
        await stopped;
    }

    [Fact]
    public async Task Events_TheHubCompletes_EndWithBye()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(rig);
        await feed.ExpectAsync("snapshot");
        await rig.Hub.CompleteAsync();

        await feed.ExpectAsync("bye");
        (await feed.NextAsync("the end of the feed")).ShouldBeNull();
    }

    [Fact]
    public async Task Events_ASubscriberThatDoesNotRead_IsResetAndSlowsNoOther()
    {
        await using var rig = await ManagementRig.StartReadyAsync(hubOptions: new EventHubOptions { LogCapacity = 256 });
        using var slow = await SubscribeRawAsync(rig);
        using var quick = await FeedReader.OpenAsync(rig);
        await quick.ExpectAsync("snapshot");

        // Published in step with the quick one's reads, until the slow one's buffers are full and the log has moved on past it.
        var bulk = new string('x', 10_000);
        for (var i = 0; i < 2_000; i++)
        {
            rig.Publish(new TopicCreated(bulk));
            await quick.ExpectEventAsync("topicCreated");
        }

        using var lines = new StreamReader(new NetworkStream(slow));
        await Eventually.BecomesAsync(
            "the slow subscriber's reset",
            async ValueTask<string?> () => await lines.ReadLineAsync(TestContext.Current.CancellationToken),
            line => line == "event: reset",
            TimeSpan.FromSeconds(60));
        var data = await Eventually.CompletesAsync("its reason", lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask());
        data.ShouldNotBeNull().ShouldContain("\"reason\":\"tooSlow\"");
        await Eventually.BecomesAsync(
            "the snapshot after it",
            async ValueTask<string?> () => await lines.ReadLineAsync(TestContext.Current.CancellationToken),
            line => line == "event: snapshot");
    }

    [Fact]
    public async Task Events_ASubscriberThatDoesNotRead_DoesNotDelayTheStop()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var slow = await SubscribeRawAsync(rig);
        await SubscribersAsync(rig, 1);
        var bulk = new string('x', 10_000);
        for (var i = 0; i < 2_000; i++)
        {
            rig.Publish(new TopicCreated(bulk));
        }

        var began = TimeProvider.System.GetTimestamp();
        await rig.StopAsync();
        TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(4), "the limit of a stop is 5 s");
    }

    [Fact]
    public async Task Events_AThousandCutSubscribers_AreAllForgotten()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        for (var round = 0; round < 10; round++)
        {
            var sockets = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SubscribeRawAsync(rig)));
            await SubscribersAsync(rig, 100);
            foreach (var socket in sockets)
            {
                socket.Close(0);
            }

            await SubscribersAsync(rig, 0);
        }
    }

    private static async Task<Socket> SubscribeRawAsync(ManagementRig rig)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, rig.Address.Port, TestContext.Current.CancellationToken);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
        return socket;
    }

    private static Task SubscribersAsync(ManagementRig rig, int count) => Eventually.BecomesAsync(
        $"{count} subscribers",
        async ValueTask<string> () => (await rig.GetTextAsync("/metrics")).Split('\n')
            .Single(line => line.StartsWith("cassini_feed_subscribers ", StringComparison.Ordinal)),
        line => line == $"cassini_feed_subscribers {count}");

    /// <summary>Throws as soon as an answer of any length is prepared.</summary>
    private sealed class BrokenConnection : IHttpMinResponseDataRateFeature
    {
        public MinDataRate? MinDataRate
        {
            get => null;
            set => throw new IOException("the connection is gone");
        }
    }
}
