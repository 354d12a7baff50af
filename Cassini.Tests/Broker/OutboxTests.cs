using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Broker;

/// <summary>An outbox and its stream, without a connection around them.</summary>
public class OutboxTests
{
    private const int Record = OutboxBuffer.FullSegment;

    private readonly TestMemory _memory = new(1_000_000);
    private readonly Durability _durability = new();
    private readonly FlushSet _flushes = new();
    private readonly Owner _owner = new();
    private readonly VirtualClock _clock = new();
    private readonly List<byte[]> _written = [];

    [Fact]
    public void Write_ThatThrowsAtOnce_FailsTheOutboxAndNotTheThread()
    {
        var failure = new InvalidOperationException("not even begun");
        var outbox = Make(new WriteStream(_ => throw failure));
        outbox.Append(new byte[10], _flushes);

        Should.NotThrow(() => _flushes.Flush());

        _owner.SendFailures.ShouldBe([failure]);
        Offer(outbox, "t", 1).ShouldBe(OutboxVerdict.Closed);
        _memory.Budget.Used.ShouldBe(0);
    }

    [Fact]
    public async Task Write_ThatDoesNotEnd_IsStalledUntilItDoes()
    {
        var write = new TaskCompletionSource();
        var outbox = Make(new WriteStream(_ => new ValueTask(write.Task)));
        outbox.Stalled.ShouldBeNull();
        outbox.Append(new byte[10], _flushes);
        _flushes.Flush();
        _clock.AdvanceBy(TimeSpan.FromSeconds(7));
        outbox.Stalled.ShouldBe(TimeSpan.FromSeconds(7));

        write.SetResult();

        await Eventually.HoldsAsync("it has ended", () => outbox.Stalled is null);
    }

    [Fact]
    public async Task Write_ThatFailsLater_IsReportedOnce()
    {
        var write = new TaskCompletionSource();
        var outbox = Make(new WriteStream(_ => new ValueTask(write.Task)));
        outbox.Append(new byte[10], _flushes);
        _flushes.Flush();
        var idle = outbox.WhenIdleAsync();
        idle.IsCompleted.ShouldBeFalse();

        var failure = new IOException("lost");
        write.SetException(failure);

        await Eventually.CompletesAsync("nothing waits for a write that failed", idle);
        await Eventually.HoldsAsync("the owner is notified", () => _owner.SendFailures.Count == 1);
        _owner.SendFailures.ShouldBe([failure]);
        _memory.Budget.Used.ShouldBe(0);
    }

    [Fact]
    public async Task Write_ThatFailsAfterClose_IsNotReported()
    {
        var write = new TaskCompletionSource();
        var outbox = Make(new WriteStream(_ => new ValueTask(write.Task)));
        outbox.Append(new byte[10], _flushes);
        _flushes.Flush();
        outbox.Close();
        write.SetException(new ObjectDisposedException("stream"));
        await Eventually.HoldsAsync("the buffer is returned", () => _memory.Budget.Used == 0);
        _owner.SendFailures.ShouldBeEmpty("whoever closed the outbox knows");
    }

    // The drain writes two segments on the caller's thread and hands the rest to the pool: a close that comes first must win. Whether it
    // comes first is a race, so it gets many chances.
    [Fact]
    public async Task Close_WhileTheNextSegmentWaitsForAThread_DropsIt()
    {
        const int Chances = 2_000;
        for (var chance = 0; chance < Chances; chance++)
        {
            var writes = 0;
            Outbox? outbox = null;
            outbox = Make(new WriteStream(_ =>
            {
                if (Interlocked.Increment(ref writes) == 1)
                {
                    outbox!.Append(new byte[Record], _flushes);
                    outbox.Append(new byte[Record], _flushes);
                }

                return ValueTask.CompletedTask;
            }));
            outbox.Append(new byte[Record], _flushes);
            _flushes.Flush();
            outbox.Close();
            await Eventually.HoldsAsync("every buffer is returned", () => _memory.Budget.Used == 0);
            if (Volatile.Read(ref writes) == 2)
            {
                return;
            }
        }

        Assert.Fail($"the third segment was written in each of {Chances} rounds though the outbox was closed");
    }

    // Each call to the system costs more than the encryption of a record.
    [Fact]
    public async Task Segments_ThatWait_AreSentWithOneCall()
    {
        var first = new TaskCompletionSource();
        var outbox = Make(Connection(bytes =>
        {
            _written.Add(bytes.ToArray());
            return _written.Count == 1 ? new ValueTask(first.Task) : ValueTask.CompletedTask;
        }));
        outbox.Append("first"u8, _flushes);
        _flushes.Flush();
        for (var i = 1; i <= 3; i++)
        {
            outbox.Append(Enumerable.Repeat((byte)i, Record).ToArray(), _flushes);
        }

        first.SetResult();
        await Eventually.CompletesAsync("all is sent", outbox.WhenIdleAsync());

        _written.Select(bytes => bytes.Length).ShouldBe([5, 3 * Record]);
        _written[1].Chunk(Record).Select(record => record[^1]).ShouldBe([(byte)1, (byte)2, (byte)3]);
    }

    // The one behind it must not leave before its change is durable: so the first must not wait for it either.
    [Fact]
    public async Task Segment_BeforeOneThatWaitsForTheStore_IsSentAtOnce()
    {
        var outbox = Make(Connection(bytes =>
        {
            _written.Add(bytes.ToArray());
            return ValueTask.CompletedTask;
        }));
        outbox.Append(new byte[Record], _flushes);
        outbox.Append(new byte[Record], _flushes, after: 1);
        _flushes.Flush();

        await Eventually.HoldsAsync("the first is sent", () => _memory.Budget.Used <= 2 * Record && _written.Count == 1);
        _written.ShouldHaveSingleItem().Length.ShouldBe(Record);
    }

    [Fact]
    public async Task Messages_BehindARecordThatWaits_FillLargeSegments()
    {
        var outbox = Make(Recorder());
        for (var i = 0; i < 14; i++)
        {
            Offer(outbox, "t", 4_000).ShouldBe(OutboxVerdict.Taken);
        }

        _flushes.Flush();
        await Eventually.CompletesAsync("all is sent", outbox.WhenIdleAsync());

        var message = _written[0].Length / 4;
        _written.Select(bytes => bytes.Length / message).ShouldBe([4, 4, 6], "behind two records that wait they are gathered for several");
    }

    // Its payload is not copied, and other work has the thread between two pieces of it.
    [Fact]
    public async Task LargeMessage_IsWrittenInPieces()
    {
        var payload = Enumerable.Range(0, 500_000).Select(i => (byte)i).ToArray();
        var message = new StoredMessage(Topic("t"), payload, [], QualityOfService.AtLeastOnce, null);
        var outbox = Make(Recorder());
        var copy = new OutgoingMessage(new QueuedMessage(message, message.QoS, false, [], 1), secondsLeft: null, packetId: 9);
        outbox.Offer(ref copy, _flushes).ShouldBe(OutboxVerdict.Taken);
        _memory.Budget.Used.ShouldBeInRange(message.Size, message.Size + Record);
        outbox.Append(new byte[1], _flushes);
        _flushes.Flush();

        await Eventually.CompletesAsync("all is sent", outbox.WhenIdleAsync());

        _written.Count.ShouldBe(10, "a head, eight pieces, and what follows");
        _written.ShouldAllBe(bytes => bytes.Length <= 4 * Record);
        _written.SelectMany(bytes => bytes).ToArray()[^500_001..^1].ShouldBe(payload);
        _memory.Budget.Used.ShouldBe(0);
    }

    [Fact]
    public async Task LargeMessage_ConnectionEndsMeanwhile_IsNotSentFurther()
    {
        var message = new StoredMessage(Topic("t"), new byte[500_000], [], QualityOfService.AtLeastOnce, null);
        Outbox? outbox = null;
        outbox = Make(new WriteStream(bytes =>
        {
            _written.Add(bytes.ToArray());
            if (_written.Count == 3)
            {
                outbox!.Close();
            }

            return ValueTask.CompletedTask;
        }));
        var copy = new OutgoingMessage(new QueuedMessage(message, message.QoS, false, [], 1), secondsLeft: null, packetId: 9);
        outbox.Offer(ref copy, _flushes).ShouldBe(OutboxVerdict.Taken);
        _flushes.Flush();

        await Eventually.HoldsAsync("everything is given back", () => _memory.Budget.Used == 0);
        _written.Count.ShouldBe(3);
        _owner.SendFailures.ShouldBeEmpty("whoever closed the outbox knows");
    }

    // Without memory few of them may wait, with memory many.
    [Theory]
    [InlineData(4 * 1024, false, false)]
    [InlineData((4 * 1024) + 1, false, true)]
    [InlineData(256 * 1024, true, false)]
    [InlineData((256 * 1024) + 1, true, true)]
    public void Answers_ThatWait_StopTheReadingWhenTheyAreMany(int bytes, bool hasMemory, bool isOverLimit)
    {
        var outbox = Make(new WriteStream(_ => new ValueTask(new TaskCompletionSource().Task)));
        _memory.Memory.Take(hasMemory ? 0 : 1_000_000);

        outbox.Append(new byte[bytes], _flushes);

        outbox.IsOverLimit.ShouldBe(isOverLimit);
    }

    // For a client an alias that it never got is a protocol error.
    [Fact]
    public void Alias_OfAMessageThatIsDropped_IsIntroducedWithTheNext()
    {
        var outbox = Make(Recorder(), aliases: 4);
        _memory.Memory.Take(1_000_000);
        Offer(outbox, "a/long/topic", Record + 1).ShouldBe(OutboxVerdict.Full);
        _memory.Memory.Return(1_000_000);

        Offer(outbox, "a/long/topic", 1).ShouldBe(OutboxVerdict.Taken);
        Offer(outbox, "a/long/topic", 1).ShouldBe(OutboxVerdict.Taken);
        _flushes.Flush();

        _written.SelectMany(bytes => bytes).Count(b => b == (byte)'g').ShouldBe(1, "the topic is named once, and known then");
    }

    // The alias first, because it can be done without; then the trace.
    [Theory]
    [InlineData(0, true, true)]
    [InlineData(1, false, true)]
    [InlineData(4, true, false)]
    [InlineData(7, false, false)]
    public void Message_LargerThanTheClientAccepts_LosesAliasThenTrace(int tooLargeBy, bool hasAlias, bool hasTrace)
    {
        // 3 bytes introduce the alias, 6 are the trace's.
        byte[] own = [0x26, 0, 1, (byte)'a', 0, 1, (byte)'b'];
        byte[] traced = [.. own, 0x26, 0, 1, (byte)'x', 0, 0];
        var message = new StoredMessage(Topic("t"), [1, 2, 3], traced, QualityOfService.AtLeastOnce, null, own);
        var writer = new PublishWriter
        {
            Topic = "t"u8,
            Payload = message.Payload,
            MessageProperties = traced,
            TopicAlias = 1,
            QoS = message.QoS,
        };
        var whole = writer.Measure(ProtocolVersion.V500);
        var outbox = Make(Recorder(), aliases: 1, maxPacketSize: whole - tooLargeBy);

        var copy = new OutgoingMessage(new QueuedMessage(message, message.QoS, false, [], 1), secondsLeft: null, packetId: 9);
        outbox.Offer(ref copy, _flushes).ShouldBe(OutboxVerdict.Taken);
        _flushes.Flush();

        _written.ShouldHaveSingleItem().Length.ShouldBe(whole - (hasAlias ? 0 : 3) - (hasTrace ? 0 : 6));
    }

    [Fact]
    public void Drained_WhatItThrows_IsACrashOfThisConnection()
    {
        var outbox = Make(Recorder());
        var bug = new InvalidOperationException("a bug");
        outbox.Source = new Failing(bug);
        outbox.Append(new byte[40_000], _flushes);
        outbox.NotifyWhenDrained().ShouldBeTrue();

        Should.NotThrow(() => _flushes.Flush());

        _owner.Crashes.ShouldBe([bug]);
        _owner.SendFailures.ShouldBeEmpty();
        Offer(outbox, "t", 1).ShouldBe(OutboxVerdict.Closed);
    }

    private static Topic Topic(string name) => new(MqttText.Encode(name), isListed: true, 0);

    private OutboxVerdict Offer(Outbox outbox, string topic, int payload)
    {
        var message = new Publication { Topic = Topic(topic), Account = _memory.Memory.Account, Payload = new byte[payload] };
        return outbox.Offer(
            message, new Subscription(new IdleSubscriber(), topic, QualityOfService.AtMostOnce, false, false, []), _flushes);
    }

    private Outbox Make(Stream stream, int aliases = 0, int maxPacketSize = int.MaxValue) =>
        new(
            stream, new OutboxLimits(ProtocolVersion.V500, maxPacketSize, aliases, 1000, 64 * 1024), _memory.Memory,
            new IdentityWork(new WorkTurns(1), TimeProvider.System), _durability, new BrokerCounters(), _owner, _clock.Time);

    private WriteStream Recorder() => new(bytes =>
    {
        _written.Add(bytes.ToArray());
        return ValueTask.CompletedTask;
    });

    /// <summary>The stream of a connection whose transport can hold.</summary>
    private static ConnectionStream Connection(Func<ReadOnlyMemory<byte>, ValueTask> write)
    {
        var transport = new HoldingTransport(new WriteStream(write));
        return new ConnectionStream(transport, null, transport);
    }

    private sealed class Owner : IOutboxOwner
    {
        public List<Exception> SendFailures { get; } = [];

        public List<Exception> Crashes { get; } = [];

        public void OnSendFailed(Exception failure) => SendFailures.Add(failure);

        public void OnCrashed(Exception crash) => Crashes.Add(crash);
    }

    private sealed class Failing(Exception bug) : IOutboxSource
    {
        public void OnDrained(Outbox from) => throw bug;
    }
}
