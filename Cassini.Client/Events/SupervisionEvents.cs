using System.Text.Json.Serialization;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Events;

/// <summary>What kind of component is supervised.</summary>
public enum ComponentKind
{
    /// <summary>The listener manager. A core component: without it no new client is served.</summary>
    ListenerManager,

    /// <summary>An endpoint's accept loop. A core component.</summary>
    AcceptLoop,

    /// <summary>The broker's housekeeping: keep alive, expiry, wills. A core component.</summary>
    Broker,

    /// <summary>The listener that serves one connection. Not core: its crash ends only that connection.</summary>
    Connection,

    /// <summary>A probe of the broker's own health. Not core: without its results its check turns red.</summary>
    Probe,

    /// <summary>Another background service, such as the certificate watcher. Not core.</summary>
    Service,

    /// <summary>An observer of the event hub. Not core: it is detached when it crashes.</summary>
    Observer,
}

/// <summary>The identity of a supervised component.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Which one: an endpoint, a connection id, a probe's name.</param>
[method: JsonConstructor]
public readonly record struct Component(ComponentKind Kind, string Name)
{
    /// <summary>Whether new clients cannot be served without it.</summary>
    public bool IsCore => Kind is ComponentKind.ListenerManager or ComponentKind.AcceptLoop or ComponentKind.Broker;

    /// <inheritdoc/>
    public override string ToString() => Name.Length == 0 ? Kind.ToString() : $"{Kind} {Name}";
}

/// <summary>A supervised component ended with an exception.</summary>
/// <param name="Component">Which.</param>
/// <param name="Exception">The exception's type name.</param>
/// <param name="Message">The exception's message, at most 500 characters.</param>
/// <param name="Attempt">1 for the first crash within the supervisor's window.</param>
/// <param name="RestartIn">Time until it is started again; null when it is not (a connection, or the supervisor gave up).</param>
public sealed record Crashed(Component Component, string Exception, string Message, int Attempt, TimeSpan? RestartIn) : BrokerEvent
{
    private const int MaxMessage = 500;

    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Supervision;

    /// <summary>Creates the event of an exception. The message is bounded, because an exception may quote what a peer sent.</summary>
    internal static Crashed Of(Component component, Exception crash, int attempt, TimeSpan? restartIn) =>
        new(component, crash.GetType().Name, SafeText.Cut(crash.Message, MaxMessage), attempt, restartIn);
}

/// <summary>A crashed component runs again.</summary>
/// <param name="Component">Which.</param>
/// <param name="Attempt">The attempt of the crash that this restart follows.</param>
public sealed record Restarted(Component Component, int Attempt) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Supervision;
}

/// <summary>A component crashed more often than its restart policy allows; it is not started again.</summary>
/// <param name="Component">Which.</param>
/// <param name="Crashes">Crashes within <paramref name="Window"/>.</param>
/// <param name="Window">The restart policy's window.</param>
public sealed record GaveUp(Component Component, int Crashes, TimeSpan Window) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Supervision;
}
