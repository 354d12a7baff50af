using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Empties the broker before it stops: no more messages are accepted, and each client is disconnected (0x8B) when it has received and
/// acknowledged every message accepted for it. It polls, because at this interval that costs less than a signal in every delivery.
/// </summary>
internal sealed class BrokerDrain(SessionTable sessions, Intake intake, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private static readonly CloseOrder ServerShutsDown = new(ReasonCode.ServerShuttingDown, CloseReason.Shutdown);

    /// <summary>The messages that clients have not received yet.</summary>
    public DrainRest Rest
    {
        get
        {
            var rest = default(DrainRest);
            foreach (var session in sessions.All)
            {
                var backlog = session.Deliveries.Backlog;
                rest = session.Attachment?.Connection switch
                {
                    null => rest with { Kept = rest.Kept + backlog },
                    { IsClosing: false } => rest with { Sessions = rest.Sessions + 1, Messages = rest.Messages + backlog },
                    _ => rest,
                };
            }

            return rest;
        }
    }

    /// <summary>
    /// Accepts no more messages. Completes when the messages that were being accepted have reached their subscribers' queues.
    /// </summary>
    public Task CloseIntakeAsync(CancellationToken cancellationToken)
    {
        intake.Close();
        return WaitUntilAsync(() => !intake.IsBusy, cancellationToken);
    }

    /// <summary>Disconnects each client as soon as it has received everything. Completes when all are disconnected.</summary>
    public Task DeliverAsync(CancellationToken cancellationToken) => WaitUntilAsync(DisconnectDrainedClients, cancellationToken);

    private bool DisconnectDrainedClients()
    {
        var all = true;
        foreach (var session in sessions.All)
        {
            if (session.Attachment?.Connection is not { IsClosing: false } connection)
            {
                continue;
            }

            if (session.Deliveries.Backlog > 0)
            {
                all = false;
            }
            else
            {
                connection.Close(ServerShutsDown);
            }
        }

        return all;
    }

    private async Task WaitUntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        using var interval = new PeriodicTimer(Interval, time);
        while (!condition())
        {
            await interval.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
