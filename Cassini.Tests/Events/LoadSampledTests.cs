using Cassini.Streams.Events;

namespace Cassini.Tests.Events;

public class LoadSampledTests
{
    [Fact]
    public void Line_OfBeforeMessagesWereCounted_IsReadAsNotKnown()
    {
        var line = """
            {"id":"0000000000000001-7","time":"2026-01-01T00:00:00.000Z","elapsed":1.5,"type":"loadSampled","category":"load",
            "event":{"queuedMessages":1,"connections":2,"bytesReceived":3,"bytesSent":4,"topics":5,"dropped":6}}
            """u8;

        EventJson.TryRead(line, out var envelope, out var error).ShouldBe(EventLine.Event, error);
        envelope!.Event.ShouldBe(new LoadSampled(1, 2, 3, 4, 5, 6));
        envelope.Event.ShouldBeOfType<LoadSampled>().MessagesReceived.ShouldBeNull();
        envelope.Event.ShouldBeOfType<LoadSampled>().Process.ShouldBeNull();
    }

    [Fact]
    public void Line_WithMessagesAndProcess_IsReadBackAsItWas()
    {
        var sampled = new LoadSampled(1, 2, 3, 4)
        {
            MessagesReceived = 7,
            MessagesSent = 8,
            Process = new ProcessLoad(9_000, 8_000, 0.25, 4, 21, 0.001),
        };
        EventJson.TryRead(
            EventJson.Serialize(new EventEnvelope(default, 1, DateTimeOffset.UnixEpoch, TimeSpan.Zero, sampled)), out var envelope, out _)
            .ShouldBe(EventLine.Event);

        envelope!.Event.ShouldBe(sampled);
    }
}
