using Cassini.Streams.Events;

namespace Cassini.Tests.Events;

/// <summary>What reflection could find by itself is written down for native code, so it must be complete.</summary>
public class KnownEventsTests
{
    [Fact]
    public void All_EventsOfTheAssembly_AreListed() => KnownEvents.All.OrderBy(type => type.Name).ShouldBe(
        typeof(BrokerEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(BrokerEvent))).OrderBy(type => type.Name));

    [Fact]
    public void Options_EachEnumerationInAnEvent_IsWrittenAsAWord() =>
        JsonWords.EnumerationsIn(EventJson.Options, KnownEvents.All).ShouldAllBeWords(EventJson.Options);
}
