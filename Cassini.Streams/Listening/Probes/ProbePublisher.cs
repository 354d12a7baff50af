using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Probes;

/// <summary>
/// Where the life of a canary's connection and session is published: for its ticket, not for the hub. Health hears of it from the prober.
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
            default:
                break; // the rest of its life is of no interest: the canary only wants to know whether it got in
        }
    }
}
