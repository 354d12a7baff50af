using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using CsCheck;

namespace Cassini.Tests.Broker;

public class InFlightWindowTests
{
    /// <summary>Any adding and completing agrees with a list of pairs, across the end of the identifiers too.</summary>
    [Fact]
    public void Window_AfterAnySteps_AgreesWithAList() =>
        Gen.Select(Gen.Int[0, 70_000], Gen.Select(Gen.Bool, Gen.Int).Array[1, 300]).Sample(
            (begin, steps) =>
            {
                var window = new InFlightWindow();
                for (var i = 0; i < begin; i++)
                {
                    window.Add(Message(0), DeliveryState.AwaitingPubAck);
                    window.Complete(window.Tail - 1);
                }

                var model = new List<(ushort Id, long Sequence)>();
                var sequence = 0L;
                foreach (var (add, pick) in steps)
                {
                    if (add || model.Count == 0)
                    {
                        window.Add(Message(++sequence), DeliveryState.AwaitingPubAck);
                        var id = InFlightWindow.IdOf(window.Tail - 1);
                        id.ShouldNotBe((ushort)0, "[MQTT-2.2.1-3]");
                        model.ShouldNotContain(entry => entry.Id == id, "[MQTT-2.2.1-4]");
                        model.Add((id, sequence));
                    }
                    else
                    {
                        var at = (int)((uint)pick % model.Count);
                        window.Complete(window.Find(model[at].Id));
                        window.Find(model[at].Id).ShouldBe(-1);
                        model.RemoveAt(at);
                    }

                    window.Count.ShouldBe(model.Count);
                }

                InOrder(window).ShouldBe(model);
                foreach (var (id, kept) in model)
                {
                    window.At(window.Find(id)).Queued.Sequence.ShouldBe(kept);
                }

                var restored = new InFlightWindow();
                foreach (var (id, kept) in model)
                {
                    restored.Restore(id, Message(kept), DeliveryState.AwaitingPubRec);
                }

                restored.Count.ShouldBe(model.Count);
                InOrder(restored).ShouldBe(model);
            },
            iter: 60);

    [Fact]
    public void Window_WithEveryIdentifierInUse_IsFullUntilTheOldestIsFree()
    {
        var window = new InFlightWindow();
        for (var i = 0; i < ushort.MaxValue; i++)
        {
            window.IsFull.ShouldBeFalse();
            window.Add(Message(i), DeliveryState.AwaitingPubAck);
        }

        window.IsFull.ShouldBeTrue();
        window.Complete(window.Find(2));
        window.IsFull.ShouldBeTrue();
        window.Complete(window.Find(1));
        window.IsFull.ShouldBeFalse();
        window.Add(Message(0), DeliveryState.AwaitingPubAck);
        InFlightWindow.IdOf(window.Tail - 1).ShouldBe((ushort)1);
    }

    private static List<(ushort Id, long Sequence)> InOrder(InFlightWindow window)
    {
        var found = new List<(ushort, long)>();
        for (var place = window.Head; place < window.Tail; place++)
        {
            if (window.At(place).State != DeliveryState.Done)
            {
                found.Add((InFlightWindow.IdOf(place), window.At(place).Queued.Sequence));
            }
        }

        return found;
    }

    private static QueuedMessage Message(long sequence) => new(null!, QualityOfService.AtLeastOnce, false, [], sequence);
}
