using Cassini.Management.Access;
using Cassini.Streams.Broker;
using Cassini.Streams.Events;

namespace Cassini.Management.Control;

/// <summary>
/// What operators do to make room. Each is published with who asked for it, also one that was cut short or found nothing. Thread-safe.
/// </summary>
/// <param name="mqtt">Sessions and retained messages; null when the host serves another protocol.</param>
/// <param name="disconnect">Closes a connection; false when there is no such one.</param>
/// <param name="disconnectIdentity">Closes the connections of an identity, and says how many there were.</param>
/// <param name="events">Where it is published.</param>
internal sealed class Remedies(
    MqttBroker? mqtt, Func<long, bool> disconnect, Func<string, int> disconnectIdentity, IEventPublisher events)
{
    /// <summary>Whether there are sessions and retained messages at all.</summary>
    public bool HasSessions => mqtt is not null;

    /// <summary>Closes a connection.</summary>
    /// <returns>False when there is no such open one.</returns>
    public bool Disconnect(HttpContext context, long id)
    {
        var found = disconnect(id);
        Publish(context, RemedyAction.Disconnect, $"{id}", done => done with { Connections = found ? 1 : 0 });
        return found;
    }

    /// <summary>Ends a session, and closes its connection.</summary>
    public async Task<RemedyApplied> EndSessionAsync(HttpContext context, string clientId)
    {
        var wasOpen = await mqtt!.Administration.EndSessionAsync(clientId);
        return Publish(
            context, RemedyAction.EndSession, clientId,
            done => done with { Sessions = wasOpen is null ? 0 : 1, Connections = wasOpen is true ? 1 : 0 });
    }

    /// <summary>Closes the connections of an identity.</summary>
    public RemedyApplied DisconnectIdentity(HttpContext context, string identity)
    {
        var closed = disconnectIdentity(identity);
        return Publish(context, RemedyAction.DisconnectIdentity, identity, done => done with { Connections = closed });
    }

    /// <summary>Ends the sessions of an identity, and closes its connections.</summary>
    public async Task<RemedyApplied> EndIdentityAsync(HttpContext context, string identity)
    {
        var (ended, open) = mqtt is null ? (0, 0)
            : await mqtt.Administration.EndSessionsOfAsync(identity, context.RequestAborted);

        // Those that have no session, or not yet.
        var others = disconnectIdentity(identity);
        return Publish(
            context, RemedyAction.EndIdentity, identity, done => done with { Sessions = ended, Connections = open + others });
    }

    /// <summary>Removes the retained messages whose topics match a filter.</summary>
    public async Task<RemedyApplied> PurgeRetainedAsync(HttpContext context, string filter, byte[] utf8)
    {
        var removed = 0L;
        try
        {
            await mqtt!.Administration.PurgeRetainedAsync(utf8, some => removed += some, context.RequestAborted);
        }
        catch
        {
            Purged();
            throw;
        }

        return Purged();

        RemedyApplied Purged() => Publish(context, RemedyAction.PurgeRetained, filter, done => done with { Retained = removed });
    }

    /// <summary>A node of the fleet that is gone was forgotten.</summary>
    public void ForgotNode(HttpContext context, string node) => Publish(context, RemedyAction.ForgetNode, node, done => done);

    private RemedyApplied Publish(HttpContext context, RemedyAction action, string target, Func<RemedyApplied, RemedyApplied> figures)
    {
        var done = figures(new RemedyApplied(action, target, Caller.Of(context)));
        events.Publish(done);
        return done;
    }
}
