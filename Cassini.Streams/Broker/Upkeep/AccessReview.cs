using System.Collections.Immutable;
using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Puts other access rules in force, and removes the subscriptions that they do not allow, in slices, so that others are served
/// meanwhile. Those of clients within the process end at once. Thread-safe.
/// </summary>
/// <remarks>
/// The rules change first, and each session is looked at afterwards. A connection that adds a subscription looks at the rules once more
/// when it has added it, and so does a client within the process. So one of the two sees every subscription that was judged by the rules
/// before.
/// </remarks>
internal sealed class AccessReview(
    AccessControl access, SessionTable sessions, LocalObservers locals, BrokerEvents events, TimeProvider time)
{
    /// <summary>The steps of a look at one session.</summary>
    private const int StepsOfALook = 2;

    /// <summary>The steps of the judgement of one subscription.</summary>
    private const int StepsOfASubscription = 4;

    /// <summary>Changes the rules: no message and no subscription is judged by those before from now on.</summary>
    /// <param name="rules">The first that matches decides.</param>
    /// <returns>Ends when nobody has a subscription any more that the new rules do not allow, and that is published.</returns>
    public async Task ChangeAsync(ImmutableArray<AccessRule> rules)
    {
        access.Change(rules);
        var ended = locals.Review();
        var (lost, removed) = await RemoveAsync().ConfigureAwait(false);
        events.Publish(new AccessRulesChanged(rules.Length, lost, removed + ended));
    }

    /// <summary>Removes from restored sessions what the rules do not allow: they may have changed while the broker was stopped.</summary>
    public async Task ReviewRestoredAsync()
    {
        var (lost, removed) = await RemoveAsync().ConfigureAwait(false);
        if (removed > 0)
        {
            events.Publish(new AccessRulesChanged(access.InForce.Rules.Length, lost, removed));
        }
    }

    /// <returns>How many sessions lost subscriptions, and how many these were.</returns>
    private async ValueTask<(int Sessions, int Subscriptions)> RemoveAsync()
    {
        var (lost, removed) = (0, 0);
        var pieces = new Pieces(time);
        foreach (var session in sessions.All.Where(session => !NodeQueue.IsOne(session)))
        {
            var rights = access.InForce.Of(session.Identity, session.ClientId);
            var before = removed;
            foreach (var subscription in session.Subscriptions.All)
            {
                removed += !Allows(rights, subscription) && session.Subscriptions.Remove(subscription) ? 1 : 0;
                await pieces.TakeAsync(StepsOfASubscription).ConfigureAwait(false);
            }

            lost += removed > before ? 1 : 0;
            await pieces.TakeAsync(StepsOfALook).ConfigureAwait(false);
        }

        return (lost, removed);
    }

    private static bool Allows(ClientAccess rights, Subscription subscription) =>
        TopicFilter.TryParse(MqttText.Encode(subscription.Filter), out _, out var filter) && rights.MaySubscribe(filter);
}
