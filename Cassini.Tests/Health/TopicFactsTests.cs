using Cassini.Streams.Events;
using static Cassini.Tests.Health.Fold;

namespace Cassini.Tests.Health;

/// <summary>What health knows of the topics.</summary>
public class TopicFactsTests
{
    [Fact]
    public void Topics_Sampled_AreCountedByTheSampleAndMovedByEvents()
    {
        var fold = Healthy().At(0.1, new TopicCreated("a")).At(0.2, new TopicCreated("b"));
        fold.State.Facts.Topics.Count.ShouldBe(2);

        fold.At(0.3, new LoadSampled(0, 0, 0, 0, 500)).State.Facts.Topics.Count.ShouldBe(500);
        fold.At(0.4, new TopicCreated("c")).At(0.5, new TopicRemoved("a")).At(0.6, new TopicCreated("d")).State.Facts.Topics.Count
            .ShouldBe(501);
        fold.At(0.7, new LoadSampled(3, 0, 0, 0)).State.Facts.Topics.Count.ShouldBe(501, "that sample has no count of topics");
        fold.State.Facts.Topics.Names.ShouldBe(["b", "c", "d"]);
        fold.At(0.8, new LoadSampled(0, 0, 0, 0, 3)).State.Facts.Topics.Count.ShouldBe(3);
    }

    [Fact]
    public void Topics_AThousandAndMore_KeepBoundedNames()
    {
        var fold = Healthy();
        for (var i = 0; i < 1_200; i++)
        {
            fold.At(0.1, new TopicCreated($"{i}"));
        }

        fold.State.Facts.Topics.Names.Count.ShouldBe(1_000);
        fold.At(0.2, new LoadSampled(0, 0, 0, 0, 1_000_000)).State.Facts.Topics.Names.Count.ShouldBe(1_000);
    }
}
