using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using CsCheck;

namespace Cassini.Tests.Broker;

public class RetainedMessagesTests
{
    [Fact]
    public void Match_AfterAnyChanges_FindsWhatAListFinds() =>
        Gen.Select(Gen.Select(Gens.Topic, Gen.Bool).Array[0, 40], Gens.Filter.Array[1, 10]).Sample(
            (changes, filters) =>
            {
                var budget = new MemoryBudget(long.MaxValue);
                var retained = new RetainedMessages(new BrokerOptions(), budget, new InMemoryStore(), TimeProvider.System);
                var model = new HashSet<string>();
                foreach (var (name, set) in changes)
                {
                    var utf8 = Encoding.UTF8.GetBytes(name);
                    retained.Set(new StoredMessage(new Topic(utf8, true, 0), set ? [1] : [], [], QualityOfService.AtMostOnce, null)).ShouldBeTrue();
                    _ = set ? model.Add(name) : model.Remove(name);
                    (retained.Get(utf8) is not null).ShouldBe(set);
                }

                retained.Count.ShouldBe(model.Count);
                foreach (var filter in filters)
                {
                    retained.Match(Encoding.UTF8.GetBytes(filter)).Select(message => message.Topic.Name)
                        .ShouldBe(model.Where(name => NaiveFilter.Matches(filter, name)), ignoreOrder: true, filter);
                }

                foreach (var name in model)
                {
                    retained.Set(new StoredMessage(new Topic(Encoding.UTF8.GetBytes(name), true, 0), [], [], QualityOfService.AtMostOnce, null));
                }

                budget.Used.ShouldBe(0);
            },
            iter: 500);
}
