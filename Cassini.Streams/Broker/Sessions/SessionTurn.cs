using Cassini.Streams.Events;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// Publishes the events about a client's sessions in the order of the changes that they report. A turn is taken together with the change,
/// under the session's lock; its events are published after the lock was left, when the turn before it is over.
/// </summary>
/// <param name="before">The turn before it.</param>
internal sealed class SessionTurn(Task before)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when its events are published. Never fails.</summary>
    public Task Over => _over.Task;

    /// <summary>Publishes what happened, and lets the next turn begin. Called once for every turn that was taken.</summary>
    /// <param name="events">Where to publish.</param>
    /// <param name="happened">What happened; null for nothing.</param>
    /// <param name="then">What happened after it; null for nothing.</param>
    public async ValueTask PublishAsync(IEventPublisher events, BrokerEvent? happened, BrokerEvent? then = null)
    {
        await before.ConfigureAwait(false);
        Publish(events, happened, then);
    }

    /// <summary>The same, when the turn before it is over already.</summary>
    public void Publish(IEventPublisher events, BrokerEvent? happened, BrokerEvent? then = null)
    {
        try
        {
            if (happened is not null)
            {
                events.Publish(happened);
            }

            if (then is not null)
            {
                events.Publish(then);
            }
        }
        finally
        {
            _over.SetResult();
        }
    }
}
