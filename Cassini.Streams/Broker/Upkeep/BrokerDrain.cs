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

    // Those that were connected when it began, and outlive their connection.
    private List<Session> _left = [];

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
        _left = [.. sessions.All.Where(session => session is { IsReachable: true, ExpirySeconds: > 0 })];
        return WaitUntilAsync(() => !intake.IsBusy, cancellationToken);
    }

    /// <summary>Disconnects each client as soon as it has received everything. Completes when all are disconnected.</summary>
    public Task DeliverAsync(CancellationToken cancellationToken) => WaitUntilAsync(DisconnectDrainedClients, cancellationToken);

    /// <summary>Completes when other nodes have all sessions whose clients were connected when the intake was closed.</summary>
    public Task HandOverAsync(CancellationToken cancellationToken) => WaitUntilAsync(
        () =>
        {
            _left.RemoveAll(session => sessions.Find(session.ClientId) != session);
            return _left.Count == 0;
        },
        cancellationToken);

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
