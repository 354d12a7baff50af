using Cassini.Streams.Broker.Model;

namespace Cassini.Tests.Broker;

/// <summary>A subscriber that ignores what it gets.</summary>
internal sealed class Listener : Subscriber
{
    public override bool IsReachable => true;

    public override bool KeepsMessages => false;

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
    }
}
