using System.Net.Sockets;
using System.Text;
using Cassini.Management.Access;
using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Http;

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
            new ConnectionOpened(id, $"client {id}"),
            new SessionOpened(id, $"client-{id}", "alice", "MQTT 5.0", false));
    }

    /// <summary>What they do not read fits into buffers: none of them holds a place among the answers that are being written.</summary>
    [Fact]
    public async Task Scrape_ManyCallersDoNotRead_OthersStillGetTheirs()
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
                await socket.SendAsync(
                    "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            }

            await rig.MetricsAsync("cassini_up 1\n");
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Scrape_MoreThanMayBeWrittenAtOnce_Is503UntilOneIsRead()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var scrape = rig.Endpoints.Single(endpoint => endpoint.RoutePattern.RawText == "/metrics").RequestDelegate!;
        var unread = Enumerable.Range(0, 32).Select(_ => new UnreadBody()).ToList();
        var answers = unread.Select(body => scrape(Asking(body))).ToList();
        await Eventually.CompletesAsync("all are being written", Task.WhenAll(unread.Select(body => body.Begun)));

        (await ScrapeAsync()).ShouldBe((503, "32 scrapes are running; try again later"));

        unread[0].Read();
        await Eventually.CompletesAsync("one is read", answers[0]);
        var (status, text) = await ScrapeAsync();
        status.ShouldBe(200);
        text.ShouldContain("\ncassini_up 1\n");

        unread.ForEach(body => body.Read());
        await Eventually.CompletesAsync("all are read", Task.WhenAll(answers));

        async Task<(int Status, string Text)> ScrapeAsync()
        {
            using var body = new MemoryStream();
            var context = Asking(body);
            await Eventually.CompletesAsync("the answer", scrape(context));
            return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
        }

        static HttpContext Asking(Stream body)
        {
            var context = new DefaultHttpContext();
            context.Request.Method = HttpMethods.Get;
            context.Response.Body = body;
            return context;
        }
    }

    [Fact]
    public async Task Collect_CallersWaitForOne_ShareTheNext()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var held = new HeldReading(rig);
        await using var metrics = new CassiniMetrics(held.Read, rig.Hub, hasBroker: false, hasStore: false, null, TimeProvider.System);
        var first = Task.Run(metrics.CollectAsync);
        await held.Begun;

        // The call does not block: neither this thread nor a lock is held by the one that is under way.
        Task<MetricsCollection>[] later = [metrics.CollectAsync(), metrics.CollectAsync(), metrics.CollectAsync()];
        later.ShouldAllBe(collection => !collection.IsCompleted);
        held.Release();
        var collections = await Eventually.CompletesAsync("all are answered", Task.WhenAll(later));

        held.Readings.ShouldBe(2);
        collections.Distinct().ShouldHaveSingleItem().ShouldNotBe(await first);
    }

    [Fact]
    public async Task Collect_OneFails_TheNextIsGood()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var held = new HeldReading(rig) { Failure = new InvalidOperationException("no reading") };
        await using var metrics = new CassiniMetrics(held.Read, rig.Hub, hasBroker: false, hasStore: false, null, TimeProvider.System);
        var first = Task.Run(metrics.CollectAsync);
        await held.Begun;
        var later = metrics.CollectAsync();
        held.Release();

        (await Should.ThrowAsync<InvalidOperationException>(first)).Message.ShouldBe("no reading");
        (await Eventually.CompletesAsync("the next", later)).Families.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Dispose_WhileOneIsUnderWay_LetsItEndAndNoneBegin()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var held = new HeldReading(rig);
        await using var metrics = new CassiniMetrics(held.Read, rig.Hub, hasBroker: false, hasStore: false, null, TimeProvider.System);
        var first = Task.Run(metrics.CollectAsync);
        await held.Begun;
        var disposing = metrics.DisposeAsync().AsTask();
        disposing.IsCompleted.ShouldBeFalse();
        held.Release();
        await Eventually.CompletesAsync("all is disposed", disposing);

        (await Eventually.CompletesAsync("the one under way", first)).Families.ShouldNotBeEmpty();
        (await Eventually.CompletesAsync("one that is asked for later", metrics.CollectAsync())).Families.ShouldBeEmpty();
    }

    [Fact]
    public async Task Collect_OneCollection_HasNumbersOfOneReading()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var revision = 0L;
        await using var metrics = new CassiniMetrics(
            () =>
            {
                var next = ++revision;
                return new MetricsReading(
                    rig.Health.Current with { Revision = next, Counts = HealthCounts.Zero with { Accepted = next } },
                    null,
                    new EventNumbers(next, 1, 16, 0, 0),
                    new FeedNumbers(0, 0, 0, new Dictionary<string, long>()),
                    0,
                    new Refusals().Counts);
            },
            rig.Hub,
            hasBroker: false,
            hasStore: false,
            null,
            TimeProvider.System);

        for (var i = 0; i < 20; i++)
        {
            var families = (await metrics.CollectAsync()).Families;
            Value("cassini_health_revision").ShouldBe(Value("cassini_connections_accepted"));
            Value("cassini_events").ShouldBe(Value("cassini_health_revision"));

            double Value(string name) => families.Single(family => family.Name == name).Samples.Single().Value;
        }
    }

    /// <summary>Reads for a collection; the first time not before it is released.</summary>
    private sealed class HeldReading(ManagementRig rig)
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();
        private int _readings;

        /// <summary>What the first reading ends with; null when it is good.</summary>
        public Exception? Failure { get; init; }

        public Task Begun => Eventually.CompletesAsync("the first reading begins", _begun.Task);

        public int Readings => Volatile.Read(ref _readings);

        public void Release() => _released.Set();

        public MetricsReading Read()
        {
            if (Interlocked.Increment(ref _readings) == 1)
            {
                _begun.SetResult();
                _released.Wait(Eventually.Deadline).ShouldBeTrue("the first reading is released");
                if (Failure is not null)
                {
                    throw Failure;
                }
            }

            return new MetricsReading(
                rig.Health.Current, null, default, new FeedNumbers(0, 0, 0, new Dictionary<string, long>()), 0, new Refusals().Counts);
        }
    }

    /// <summary>An answer's body that takes nothing until it is read.</summary>
    private sealed class UnreadBody : MemoryStream
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public void Read() => _read.TrySetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _begun.TrySetResult();
            await _read.Task;
        }
    }
}
