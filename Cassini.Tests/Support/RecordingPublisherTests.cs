using Cassini.Streams.Events;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Support;

public class RecordingPublisherTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void Publish_Event_GetsSequenceTimeAndElapsed()
    {
        var publisher = new RecordingPublisher(_clock.Time);
        publisher.LastSequence.ShouldBe(0);
        publisher.Publish(new ListenerConfigured("a"));
        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        publisher.Publish(new TopicCreated("t"));

        publisher.LastSequence.ShouldBe(2);
        publisher.Events.ShouldBe([new ListenerConfigured("a"), new TopicCreated("t")]);
        publisher.Of<TopicCreated>().ShouldBe([new TopicCreated("t")]);
        var epoch = Epoch.StartingAt(VirtualClock.DefaultStart);
        publisher.Envelopes.ShouldBe(
        [
            new EventEnvelope(epoch, 1, VirtualClock.DefaultStart, TimeSpan.Zero, new ListenerConfigured("a")),
            new EventEnvelope(epoch, 2, VirtualClock.DefaultStart.AddSeconds(3), TimeSpan.FromSeconds(3), new TopicCreated("t")),
        ]);
    }

    [Fact]
    public async Task Publish_FromManyThreads_LosesNothingAndLeavesNoHole()
    {
        var publisher = new RecordingPublisher();
        await Eventually.CompletesAsync("all publishers", Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                publisher.Publish(new TopicCreated($"{thread}/{i}"));
            }
        }))));

        publisher.Envelopes.Select(envelope => envelope.Sequence).ShouldBe(Enumerable.Range(1, 4000).Select(i => (long)i));
        foreach (var thread in Enumerable.Range(0, 8))
        {
            publisher.Of<TopicCreated>().Where(created => created.Topic.StartsWith($"{thread}/"))
                .ShouldBe(Enumerable.Range(0, 500).Select(i => new TopicCreated($"{thread}/{i}")));
        }
    }

    [Fact]
    public async Task WaitFor_PublishedAlready_ReturnsTheFirstThatFits()
    {
        var publisher = new RecordingPublisher();
        publisher.Publish(new TopicCreated("a"));
        publisher.Publish(new TopicCreated("b"));
        publisher.Publish(new TopicCreated("b2"));
        (await publisher.WaitForAsync<TopicCreated>("a b", created => created.Topic.StartsWith('b'))).Topic.ShouldBe("b");
        (await publisher.WaitForAsync<TopicCreated>("a later b", created => created.Topic.StartsWith('b'), after: 2)).Topic.ShouldBe("b2");
    }

    [Fact]
    public async Task WaitFor_PublishedLater_Returns()
    {
        var publisher = new RecordingPublisher();
        var wait = publisher.WaitForAsync<TopicCreated>("topic b", created => created.Topic == "b");
        publisher.Publish(new TopicRemoved("b"));
        publisher.Publish(new TopicCreated("a"));
        wait.IsCompleted.ShouldBeFalse();
        publisher.Publish(new TopicCreated("b"));
        (await wait).Topic.ShouldBe("b");
    }

    [Fact]
    public async Task WaitFor_RacingWithThePublisher_MissesNothing()
    {
        for (var i = 0; i < 500; i++)
        {
            var publisher = new RecordingPublisher();
            var publishing = Task.Run(() => publisher.Publish(new TopicCreated("a")), TestContext.Current.CancellationToken);
            (await publisher.WaitForAsync<TopicCreated>("the only event")).Topic.ShouldBe("a");
            await publishing;
        }
    }

    [Fact]
    public async Task WaitFor_Never_NamesTheStepTheTypeAndWhatWasPublished()
    {
        var publisher = new RecordingPublisher();
        publisher.Publish(new TopicCreated("a"));
        var failure = await Should.ThrowAsync<TimeoutException>(
            publisher.WaitForAsync<TopicRemoved>("the topic goes away", within: TimeSpan.Zero));
        failure.Message.ShouldStartWith("the topic goes away: 0 of 1 TopicRemoved within 0 s; published: [TopicCreated {");
    }

    [Fact]
    public async Task WaitFor_PredicateThrows_FailsTheWaiterAndNotThePublisher()
    {
        var publisher = new RecordingPublisher();
        var wait = publisher.WaitForAsync<TopicCreated>("never", _ => throw new InvalidOperationException("boom"));
        publisher.Publish(new TopicCreated("a"));
        (await Should.ThrowAsync<InvalidOperationException>(wait)).Message.ShouldBe("boom");
        publisher.LastSequence.ShouldBe(1);
    }
}
