using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Bench;

/// <summary>GET /sessions and GET /connections with 100,000 rows: one page, all rows, and many pages that are open.</summary>
internal static class TablesBench
{
    private const int Rows = 100_000;
    private const int LargestPage = 1_000;
    private const int OpenPages = 10;
    private const int Seconds = 5;

    public static async Task RunAsync()
    {
        var time = TimeProvider.System;
        var hub = new EventHub(time);
        using var ticks = new System.Reactive.Concurrency.EventLoopScheduler();
        using var health = new HealthProjection(hub, new HealthPolicy(), ticks, "bench", NullLogger<HealthProjection>.Instance);
        using var connections = new LiveConnections(hub);
        using var refused = new RefusedHandshakes(hub);
        var accounts = new AccountTable(QuotaOptions.Whole);
        var broker = new MqttBroker(
            new BrokerOptions { MaxSessions = Rows }, "bench", accounts, NoStore.Instance, hub, time, NullLogger<MqttBroker>.Instance);
        Fill(broker, hub, accounts);
        var managed = new ManagedBroker(hub, health, connections, refused, _ => false, null!) { Mqtt = broker, Accounts = accounts };
        await using var app = ManagementApp.Create(
            managed, new ManagementOptions { Address = "127.0.0.1:0", MaxFeeds = 8 }, NullLoggerFactory.Instance, time);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app), Timeout = TimeSpan.FromMinutes(2) };
        foreach (var table in new[] { "sessions?sort=clientId", "sessions?sort=-queued", "connections?sort=identity" })
        {
            await MeasureAsync(http, table);
        }

        await app.StopAsync();
    }

    private static async Task MeasureAsync(HttpClient http, string table)
    {
        for (var warm = 0; warm < 5; warm++)
        {
            await http.GetByteArrayAsync(new Uri($"{table}&limit=20", UriKind.Relative));
        }

        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        var one = await TakeAsync(() => http.GetByteArrayAsync(new Uri($"{table}&limit=20", UriKind.Relative)));
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        var all = await TakeAsync(async () =>
        {
            for (var offset = 0; offset < Rows; offset += LargestPage)
            {
                await http.GetByteArrayAsync(new Uri($"{table}&offset={offset}&limit={LargestPage}", UriKind.Relative));
            }
        });
        var pages = await TakeAsync(() => Task.WhenAll(Enumerable.Range(0, OpenPages).Select(async _ =>
        {
            for (var second = 0; second < Seconds; second++)
            {
                await http.GetByteArrayAsync(new Uri($"{table}&limit=20", UriKind.Relative));
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            }
        })));
        Measure.Line(
            $"{table,-26} one page {one.Cpu.TotalMilliseconds:N0} ms of processor time, all rows {all.Cpu.TotalSeconds:0.0} s ",
            $"(took {all.Elapsed.TotalSeconds:0.0} s), {OpenPages} open pages {100 * pages.Cpu / pages.Elapsed:0} % of a core");
    }

    private static async Task<(TimeSpan Cpu, TimeSpan Elapsed)> TakeAsync(Func<Task> work)
    {
        var (cpu, start) = (Environment.CpuUsage.TotalTime, TimeProvider.System.GetTimestamp());
        await work();
        return (Environment.CpuUsage.TotalTime - cpu, TimeProvider.System.GetElapsedTime(start));
    }

    private static void Fill(MqttBroker broker, EventHub hub, AccountTable accounts)
    {
        var flushes = new FlushSet();
        for (var row = 0; row < Rows; row++)
        {
            var identity = $"identity-{row % 1_000}";
            var connection = new Nobody(row);
            var outbox = new Outbox(
                Stream.Null, new OutboxLimits(ProtocolVersion.V500, int.MaxValue, 0, 1_000, 65_536),
                broker.Budget.Of(accounts.Open(identity)), new IdentityWork(new WorkTurns(1), TimeProvider.System), new Durability(),
                broker.Counters, connection, TimeProvider.System);
            var attachment = new Attachment(connection, outbox, 16, null);
            var attached = broker.Sessions.Attach(
                attachment, new AttachRequest($"sensor-{row * 7919 % Rows}", identity, false, 86_400, [], []), flushes);
            attached.Session!.Detach(attachment, null, CloseReason.Disconnected);
            hub.Publish(new ConnectionAccepted(row + 1, "127.0.0.1:8883", $"192.0.2.7:{row % 60_000}"));
            hub.Publish(new HandshakeCompleted(row + 1, identity, "TLS 1.3", TimeSpan.Zero));
        }

        flushes.Flush();
    }

    private sealed class Nobody(long id) : IAttachedConnection, IOutboxOwner
    {
        public long Id => id;

        public TimeSpan? KeepAlive => null;

        public bool IsClosing => false;

        public void Close(CloseOrder order)
        {
        }

        public Task WhenOutOfBatchAsync() => Task.CompletedTask;

        public CloseReason Settle(CloseReason observed) => observed;

        public void CloseIfSilent(long now)
        {
        }

        public void Forgive(TimeSpan pause)
        {
        }

        public void OnSendFailed(Exception failure)
        {
        }

        public void OnCrashed(Exception crash)
        {
        }
    }
}
