using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Cassini.Web.Management.Access;
using Cassini.Web.Telemetry;

namespace Cassini.Tests.Telemetry;

/// <summary>What a scrape costs, and what it must not mix.</summary>
public class ScrapeTests
{
    [Fact]
    public async Task Scrape_TwoHostsInOneProcess_EachTellsOfItself()
    {
        await using var one = await ManagementRig.StartReadyAsync();
        await using var other = await ManagementRig.StartReadyAsync();
        one.Publish(new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"), Happened.Completed(1));

        (await one.MetricsAsync("cassini_handshake_duration_seconds_count{protocol=\"TLS 1.3\"} 1\n"))
            .ShouldContain("\ncassini_connections_accepted_total 1\n");
        var text = await other.GetTextAsync("/metrics");
        text.ShouldContain("\ncassini_connections_accepted_total 0\n");
        text.ShouldNotContain("cassini_handshake_duration_seconds");
    }

    [Fact]
    public async Task Scrape_With5000Sessions_IsAsLongAsWithOne()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        Open(1);
        var before = await rig.MetricsAsync("cassini_handshake_duration_seconds_count{protocol=\"TLS 1.3\"} 1\n");
        for (var id = 2; id <= 5_000; id++)
        {
            Open(id);
        }

        var after = await rig.GetTextAsync("/metrics");
        after.ShouldContain("\ncassini_connections{state=\"open\"} 5000\n");
        ScrapeSupport.Series(after).ShouldBe(ScrapeSupport.Series(before));
        ScrapeSupport.Bytes(after).ShouldBeLessThan(ScrapeSupport.Bytes(before) + 500);

        void Open(long id) => rig.Publish(
            new ConnectionAccepted(id, Happened.Endpoint, $"127.0.0.1:{id}"),
            Happened.Completed(id),
            new SessionOpened(id, $"client {id}"),
            new ClientConnected(id, $"client-{id}", "MQTT 5.0", false));
    }

    [Fact]
    public async Task Scrape_ManyWhoDoNotRead_DoNotKeepOthersFromIt()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 };
                idle.Add(socket);
                await socket.ConnectAsync("127.0.0.1", rig.Address.Port, TestContext.Current.CancellationToken);
                await socket.SendAsync("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            }

            await rig.MetricsAsync("cassini_up 1\n");
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Collect_CallersWhoWaitForOne_ShareTheNext()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var time = new CountingTime();
        using var begun = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        var readings = 0;
        using var metrics = new CassiniMetrics(Read, rig.Hub, hasBroker: false, null, time);
        var first = Task.Run(metrics.Collect);
        begun.Wait(Eventually.Deadline).ShouldBeTrue();
        Task<MetricsCollection>[] later = [Task.Run(metrics.Collect), Task.Run(metrics.Collect), Task.Run(metrics.Collect)];

        // One timestamp of the first asking, one of its beginning, and one of each who asked behind it.
        await Eventually.HoldsAsync("all have asked", () => time.Asked >= 2 + later.Length);
        mayEnd.Set();
        var collections = await Eventually.CompletesAsync("all are answered", Task.WhenAll(later));

        readings.ShouldBe(2);
        collections.Distinct().ShouldHaveSingleItem().ShouldNotBe(await first);

        MetricsReading Read()
        {
            if (Interlocked.Increment(ref readings) == 1)
            {
                begun.Set();
                mayEnd.Wait(Eventually.Deadline);
            }

            return new MetricsReading(rig.Health.Current, null, default, new FeedNumbers(0, 0, 0, new Dictionary<string, long>()), 0, new Refusals().Counts);
        }
    }

    [Fact]
    public async Task Collect_OneCollection_HasNumbersOfOneReading()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var revision = 0L;
        using var metrics = new CassiniMetrics(
            () =>
            {
                var next = ++revision;
                return new MetricsReading(
                    rig.Health.Current with { Revision = next, Counts = HealthCounts.Zero with { Accepted = next } },
                    null,
                    new EventNumbers(next, 1, 16, 0, 0),
                    new FeedNumbers(0, 0, 0, new Dictionary<string, long>()),
                    0, new Refusals().Counts);
            },
            rig.Hub,
            hasBroker: false,
            null,
            TimeProvider.System);

        for (var i = 0; i < 20; i++)
        {
            var families = metrics.Collect().Families;
            Value("cassini_health_revision").ShouldBe(Value("cassini_connections_accepted"));
            Value("cassini_events").ShouldBe(Value("cassini_health_revision"));

            double Value(string name) => families.Single(family => family.Name == name).Samples.Single().Value;
        }
    }

    /// <summary>A clock that goes on by one each time it is read.</summary>
    private sealed class CountingTime : TimeProvider
    {
        private long _asked;

        public long Asked => Interlocked.Read(ref _asked);

        public override long GetTimestamp() => Interlocked.Increment(ref _asked);
    }
}
