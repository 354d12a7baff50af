using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Probes;

/// <summary>
/// Reports what happens to a canary's connection to the canary's ticket and not to the hub: the prober publishes the result.
/// </summary>
internal sealed class ProbePublisher(ProbeTicket ticket) : IEventPublisher
{
    public void Publish(BrokerEvent brokerEvent)
    {
        switch (brokerEvent)
        {
            case SessionOpened:
                ticket.Succeed();
                break;
            case HandshakeFailed refused:
                ticket.Refuse(refused.Reason, refused.Detail);
                break;
            case Crashed crashed:
                ticket.Refuse(HandshakeFailure.Crashed, crashed.Message);
                break;
            case ConnectionClosed closed:
                ticket.Refuse(closed.Reason);
                break;
            default:
                break; // the canary waits only for its session, or for the reason why there is none
        }
    }
}
