using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Support;
using CsCheck;

namespace Cassini.Tests.Events;

public class EventLogTests
{
    [Fact]
    public void Ring_MoreEventsThanItKeeps_ForgetsTheOldestAndSaysSo()
    {
        var hub = Hub(capacity: 16, events: 20);

        (hub.Log.Oldest, hub.Log.Newest, hub.Log.Capacity).ShouldBe((5, 20, 16));
        hub.Log.TryGet(4, out _).ShouldBeFalse();
        hub.Log.TryGet(5, out var oldest).ShouldBeTrue();
        oldest.Sequence.ShouldBe(5);
        hub.Log.TryGet(21, out _).ShouldBeFalse();
        hub.Log.TryGet(0, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(3, nameof(ResumeResult.TooOld))]
    [InlineData(4, nameof(ResumeResult.Resumed))]
    [InlineData(20, nameof(ResumeResult.Resumed))]
    [InlineData(21, nameof(ResumeResult.NotYet))]
    [InlineData(long.MaxValue, nameof(ResumeResult.NotYet))]
    public void CanResume_AnyId_IsAnsweredExplicitly(long sequence, string expected)
    {
        var hub = Hub(capacity: 16, events: 20);

        hub.Log.CanResume(new EventId(hub.Epoch, sequence)).ToString().ShouldBe(expected);
        hub.Log.CanResume(new EventId(new Epoch(hub.Epoch.Value + 1), sequence)).ShouldBe(ResumeResult.OtherEpoch);
    }

    [Fact]
    public void Cursor_AfterAnEvent_ReadsExactlyWhatFollows()
    {
        using var cursor = Hub(capacity: 64, events: 10).Log.OpenCursor(after: 7, maxLag: 64);

        Drain(cursor).ShouldBe([8, 9, 10]);
        cursor.Position.ShouldBe(10);
    }

    [Fact]
    public void Cursor_TooFarBehind_GetsOneGapAndGoesOnWithTheNewest()
    {
        var hub = Hub(capacity: 64, events: 30);
        using var cursor = hub.Log.OpenCursor(after: 0, maxLag: 20);

        cursor.TryRead(out var delivery).ShouldBeTrue();
        delivery.Envelope.ShouldBeNull();
        delivery.Gap.ShouldBe(new Gap(1, 30));
        cursor.TryRead(out _).ShouldBeFalse();
        hub.Publish(new TopicCreated("next"));
        Drain(cursor).ShouldBe([31]);
    }

    [Fact]
    public async Task Cursor_Waiting_IsWokenByAnEventANudgeAndTheEnd()
    {
        var hub = Hub(capacity: 16, events: 0);
        using var cursor = hub.Log.OpenCursor(0, 16);

        var wait = cursor.WaitAsync().AsTask();
        wait.IsCompleted.ShouldBeFalse();
        hub.Publish(new TopicCreated("t"));
        await Eventually.CompletesAsync("an event wakes it", wait);
        Drain(cursor).ShouldBe([1]);

        wait = cursor.WaitAsync().AsTask();
        cursor.Nudge();
        await Eventually.CompletesAsync("a nudge wakes it", wait);
        cursor.TryRead(out _).ShouldBeFalse();

        await cursor.WaitAsync();
        wait = cursor.WaitAsync().AsTask();
        wait.IsCompleted.ShouldBeFalse();
        await hub.CompleteAsync();
        await Eventually.CompletesAsync("the end wakes it", wait);
        cursor.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task Cursor_Disposed_EndsItsWait()
    {
        var cursor = Hub(capacity: 64, events: 3).Log.OpenCursor(after: 3, maxLag: 64);
        var wait = cursor.WaitAsync().AsTask();
        wait.IsCompleted.ShouldBeFalse();

        cursor.Dispose();
        cursor.Dispose();

        await Eventually.CompletesAsync("the wait ends", wait);
    }

    [Fact]
    public void Cursor_Moved_SkipsWhatLiesBeforeAndNeverGoesBack()
    {
        using var cursor = Hub(capacity: 64, events: 10).Log.OpenCursor(after: 0, maxLag: 64);

        cursor.MoveTo(7);
        cursor.MoveTo(2);

        cursor.Position.ShouldBe(7);
        Drain(cursor).ShouldBe([8, 9, 10]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 8)]
    [InlineData(64, 64)]
    [InlineData(65, 128)]
    public void Capacity_Any_IsRoundedUpToAPowerOfTwo(int capacity, int kept) =>
        Hub(capacity, events: 0).Log.Capacity.ShouldBe(kept);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Capacity_BelowOne_Throws(int capacity) =>
        Should.Throw<ArgumentOutOfRangeException>(() => Hub(capacity, events: 0));

    [Theory]
    [InlineData(-1, 64)]
    [InlineData(0, 0)]
    public void OpenCursor_OutOfRange_Throws(long after, int maxLag) =>
        Should.Throw<ArgumentOutOfRangeException>(() => Hub(capacity: 64, events: 0).Log.OpenCursor(after, maxLag));

    [Fact]
    public async Task Cursors_RacingWithPublishers_MissNoWakeUp()
    {
        var hub = new EventHub(TimeProvider.System, new EventHubOptions { LogCapacity = 1 << 16 });
        const int Events = 20_000;
        var readers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            using var cursor = hub.Log.OpenCursor(0, 1 << 16);
            long last = 0;
            while (last < Events)
            {
                await cursor.WaitAsync();
                while (cursor.TryRead(out var delivery))
                {
                    delivery.Envelope!.Sequence.ShouldBe(++last);
                }
            }
        })).ToArray();

        for (var i = 0; i < Events; i++)
        {
            hub.Publish(new TopicCreated("t"));
            if (i % 64 == 0)
            {
                // Lets readers run dry, so that each round races anew with their going to sleep.
                await Task.Yield();
            }
        }

        await Eventually.CompletesAsync("every reader reads everything", Task.WhenAll(readers));
    }

    [Fact]
    public void Ids_AnyEpochAndSequence_RoundTripAndSortByStart() =>
        Gen.Select(Gen.ULong, Gen.Long[0, long.MaxValue], Gen.ULong).Sample((epoch, sequence, other) =>
        {
            var id = new EventId(new Epoch(epoch), sequence);
            EventId.TryParse(id.ToString(), out var parsed).ShouldBeTrue();
            parsed.ShouldBe(id);
            Math.Sign(string.CompareOrdinal(new Epoch(epoch).ToString(), new Epoch(other).ToString())).ShouldBe(epoch.CompareTo(other));
        });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("banana")]
    [InlineData("0000019a5c3e7f10")]
    [InlineData("0000019a5c3e7f10-")]
    [InlineData("0000019a5c3e7f10--1")]
    [InlineData("0000019a5c3e7f10- 1")]
    [InlineData("0000019A5C3E7F10-1")]
    [InlineData("0000019a5c3e7f1-1")]
    [InlineData("0000019a5c3e7f10-99999999999999999999999999")]
    public void Ids_AnythingElse_IsNoId(string? text) => EventId.TryParse(text, out _).ShouldBeFalse();

    private static EventHub Hub(int capacity, int events)
    {
        var hub = new EventHub(TimeProvider.System, new EventHubOptions { LogCapacity = capacity });
        for (var i = 0; i < events; i++)
        {
            hub.Publish(new TopicCreated("t"));
        }

        return hub;
    }

    private static List<long> Drain(EventCursor cursor)
    {
        var read = new List<long>();
        while (cursor.TryRead(out var delivery))
        {
            read.Add(delivery.Envelope!.Sequence);
        }

        return read;
    }
}
