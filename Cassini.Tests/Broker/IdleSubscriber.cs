using Cassini.Streams.Broker.Model;

namespace Cassini.Tests.Broker;

/// <summary>A subscriber that receives nothing.</summary>
internal sealed class IdleSubscriber : Subscriber
{
    public override bool IsReachable => true;

    public override bool KeepsMessages => false;

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
    }
}
