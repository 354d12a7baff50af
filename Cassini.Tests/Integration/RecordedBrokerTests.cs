using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Records;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Integration;

/// <summary>A real broker with injected faults, recorded over HTTP as a controller would: GET /state, then the feed.</summary>
public class RecordedBrokerTests
{
    [Fact]
    public async Task Replay_OfARealRun_HasTheTransitionsOfThatRun()
    {
        using var directory = new TempDirectory();
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0", EnableFaults = true },
            NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        var header = await http.GetByteArrayAsync("/state", TestContext.Current.CancellationToken);
        var segment = (await ReadAsync(header)).ShouldHaveSingleItem().ShouldBeOfType<HealthRecordSegment>();
        using var feed = await FeedReader.OpenAsync(http, "", new EventId(segment.Epoch, segment.Through).ToString());

        // One after the other: an order that a later one replaces before the loop has seen it never takes place.
        await RehearseAsync("close-endpoint");
        await broker.BecomesAsync("it is closed", snapshot => snapshot.Endpoints.Single().State == EndpointState.Closed);
        await RehearseAsync("crash-accept");
        await RehearseAsync("crash-manager");
        await broker.BecomesAsync("both crashed", snapshot => snapshot.Counts.Restarts >= 2);
        await RehearseAsync("resume");

        await broker.BecomesAsync(
            "it fails and recovers",
            snapshot => snapshot.Ready
                && snapshot.Checks.Single(check => check.Name == CheckNames.Bind).Since > snapshot.StartedAt + segment.Elapsed
                && snapshot.Checks.Single(check => check.Name == CheckNames.Supervision).Status != HealthStatus.Error);
        var last = broker.Host.Hub.LastSequence;

        await using (var writer = new HealthRecordWriter(File.Create(directory.File("record.jsonl"))))
        {
            await writer.BeginAsync(header);
            for (long sequence = 0; sequence < last;)
            {
                var item = (await feed.NextAsync()).ShouldNotBeNull();
                if (item.Type is "event" or "transition")
                {
                    EventJson.TryRead(System.Text.Encoding.UTF8.GetBytes(item.Data), out var envelope, out var error)
                        .ShouldBe(EventLine.Event, error);
                    await writer.WriteAsync(envelope!);
                    sequence = envelope!.Sequence;
                }
            }
        }

        var record = await ReadAsync(await File.ReadAllBytesAsync(directory.File("record.jsonl"), TestContext.Current.CancellationToken));
        record.OfType<HealthRecordProblem>().ShouldBeEmpty();
        var recorded = record.OfType<HealthRecordEvent>().Select(line => line.Envelope.Event).OfType<HealthChanged>()
            .Where(change => change.Revision > segment.State.Verdicts.Revision).ToList();
        var replay = new HealthReplay();
        var replayed = record.SelectMany(line => replay.Take(line)).ToList();

        recorded.Count.ShouldBeGreaterThanOrEqualTo(4);
        replay.Differences.ShouldBe(0);

        // The record may end between a change and the line that records it.
        replayed.Select(transition => transition.Change).Take(recorded.Count).ShouldBe(recorded);
        replayed.Where(transition => transition.Change.Check == CheckNames.Bind && transition.Change.To == HealthStatus.Error)
            .ShouldAllBe(transition => transition.Evidence.Any(evidence => evidence.Type == "listenerClosed"));
        await app.StopAsync(TestContext.Current.CancellationToken);

        async Task RehearseAsync(string fault)
        {
            using var answer = await http.PostAsync($"/faults/{fault}", null, TestContext.Current.CancellationToken);
            answer.EnsureSuccessStatusCode();
        }
    }

    private static async Task<List<HealthRecordLine>> ReadAsync(byte[] record)
    {
        var lines = new List<HealthRecordLine>();
        await foreach (var line in HealthRecordReader.ReadAsync(new MemoryStream(record), TestContext.Current.CancellationToken))
        {
            lines.Add(line);
        }

        return lines;
    }
}
