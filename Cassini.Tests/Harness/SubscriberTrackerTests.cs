using Cassini.Harness.Load;
using Cassini.Harness.Messages;
using Cassini.Harness.Plans;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Harness;

public class SubscriberTrackerTests
{
    private static readonly LoadRun Run = new(7, 42, 3);
    private static readonly PlanSubscriber Subscriber = new()
    {
        Index = 0,
        Name = "s",
        Topic = "t",
        Expect = new PlanExpectation { AtLeast = 3 },
    };

    private readonly VirtualClock _clock = new();
    private readonly SendTimes _sendTimes = new();
    private readonly SubscriberTracker _tracker;

    public SubscriberTrackerTests() => _tracker = new SubscriberTracker(Run, Subscriber, _sendTimes, _clock.Time);

    [Fact]
    public void Messages_InOrder_AreCounted()
    {
        Receive(0, 1, 2, 3, 4);

        var counts = _tracker.Counts;
        (counts.Received, counts.Unique, counts.Duplicates, counts.OutOfOrder, counts.Corrupt, counts.Foreign).ShouldBe((5, 5, 0, 0, 0, 0));
        counts.Streams.ShouldBe([new StreamCount(1, 2, 5)]);
    }

    [Fact]
    public void Message_Again_IsADuplicateAndNoDisorder()
    {
        Receive(0, 1, 2, 1, 0, 2);

        (_tracker.Counts.Unique, _tracker.Counts.Duplicates, _tracker.Counts.OutOfOrder).ShouldBe((3, 3, 0));
    }

    [Fact]
    public void Message_AfterALaterOneOfItsKey_IsOutOfOrder()
    {
        Receive(0, 3, 1, 5, 2); // Keys are sequence modulo 2: 1 comes after 3, and 2 after 0.

        _tracker.Counts.OutOfOrder.ShouldBe(1);
    }

    [Fact]
    public void Messages_OfOtherClientsAndPublishers_AreStreamsOfTheirOwn()
    {
        Receive(5);
        Record(new MessageId(3, 1, 9, 0, 0));
        Record(new MessageId(3, 8, 2, 0, 0));

        (_tracker.Counts.Unique, _tracker.Counts.OutOfOrder, _tracker.Counts.Duplicates).ShouldBe((3, 0, 0));
        _tracker.Counts.Streams.Count.ShouldBe(3);
    }

    [Fact]
    public void Message_Damaged_IsCorruptAndNothingElse()
    {
        var payload = Payload(new MessageId(3, 1, 2, 0, 0));
        payload[^1] ^= 1;
        _tracker.Record(payload);

        (_tracker.Counts.Received, _tracker.Counts.Unique, _tracker.Counts.Corrupt).ShouldBe((1, 0, 1));
    }

    [Fact]
    public void Message_OfAnotherTestOrProgram_IsForeign()
    {
        Record(new MessageId(2, 1, 2, 0, 0));
        _tracker.Record("hello"u8);

        (_tracker.Counts.Foreign, _tracker.Counts.Unique).ShouldBe((2, 0));
    }

    [Fact]
    public void Times_OfMessages_AreKept()
    {
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _tracker.Start();
        foreach (var (wait, sequence) in new[] { (2, 0), (1, 1), (3, 2), (1, 3), (5, 3) })
        {
            _clock.AdvanceBy(TimeSpan.FromSeconds(wait));
            Receive(sequence);
        }

        var counts = _tracker.Counts;
        counts.First.ShouldBe(TimeSpan.FromSeconds(2));
        counts.Satisfied.ShouldBe(TimeSpan.FromSeconds(6));
        counts.Last.ShouldBe(TimeSpan.FromSeconds(7)); // A duplicate is no news.
        counts.LongestGap.ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Latency_OfOneProcess_IsMeasured()
    {
        for (var sequence = 0; sequence < 100; sequence++)
        {
            _sendTimes.Of(1, 2).Put(sequence, _clock.Time.GetTimestamp());
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(sequence == 50 ? 80 : 10));
            Receive(sequence);
        }

        var latency = _tracker.Counts.Latency.ShouldNotBeNull();
        latency.Samples.ShouldBe(100);
        latency.P50Ms.ShouldBe(10, 10 / 32.0);
        latency.P99Ms.ShouldBe(10, 10 / 32.0);
        latency.MaxMs.ShouldBe(80);
    }

    [Fact]
    public void Bitmap_FullPages_StillKnowTheirOwn()
    {
        var bitmap = new SequenceBitmap();
        for (var sequence = 0L; sequence < 200_000; sequence++)
        {
            bitmap.Add(sequence).ShouldBeTrue();
        }

        bitmap.Add(0).ShouldBeFalse();
        bitmap.Add(65_535).ShouldBeFalse();
        bitmap.Add(199_999).ShouldBeFalse();
        bitmap.Add(1L << 50).ShouldBeTrue();
        bitmap.Count.ShouldBe(200_001);
    }

    private void Receive(params int[] sequences)
    {
        foreach (var sequence in sequences)
        {
            Record(new MessageId(3, 1, 2, (ushort)(sequence % 2), sequence));
        }
    }

    private void Record(MessageId id) => _tracker.Record(Payload(id));

    private static byte[] Payload(MessageId id)
    {
        var payload = new byte[Envelope.Size + 4];
        Envelope.Seal(payload, Run.Id, id);
        return payload;
    }
}
