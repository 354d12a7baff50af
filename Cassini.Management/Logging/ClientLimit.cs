using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Logging;

/// <summary>
/// Keeps clients that are refused after the handshake, that break the protocol, and that are denied topics from filling the log. The first
/// event of an identity for a reason is logged at Information, those after it at Debug, with summaries
/// (<see cref="RepeatLimit{TKey, TEvent}"/>). A summary says how many there were at least, because the events are limited themselves. For
/// one observer's thread.
/// </summary>
/// <param name="logger">Where the events and their summaries are logged.</param>
internal sealed class ClientLimit(ILogger logger)
{
    /// <summary>
    /// The most identities and reasons that have a summary of their own, of each of the three; one for all others counts the rest.
    /// </summary>
    public const int Most = 64;

    private readonly RepeatLimit<(string? Identity, string Reason), ClientRefused> _refused = new(
        Most,
        again => logger.ClientsRefusedAgain(
            IdentityOf(again.Last.Identity), Times(again), About(again), AddressOf(again.Last.RemoteAddress), again.Last.Reason,
            SafeText.Line(again.Last.Detail)),
        again => logger.OtherClients("were refused", Times(again), About(again)));

    private readonly RepeatLimit<(string? Identity, string Reason), ProtocolViolated> _violated = new(
        Most,
        again => logger.ProtocolViolatedAgain(
            IdentityOf(again.Last.Identity), Times(again), About(again), AddressOf(again.Last.RemoteAddress), again.Last.Reason,
            again.Last.Clause, Short(again.Last.Detail)),
        again => logger.OtherClients("broke the protocol", Times(again), About(again)));

    private readonly RepeatLimit<(string? Identity, string Reason), AccessDenied> _denied = new(
        Most,
        again => logger.AccessDeniedAgain(
            IdentityOf(again.Last.Identity), again.Last.Action, Times(again), About(again), AddressOf(again.Last.RemoteAddress),
            Short(again.Last.Topic), SafeText.Line(again.Last.Detail)),
        again => logger.OtherClients("were denied topics", Times(again), About(again)));

    /// <summary>Logs that a client was refused, at Debug when it repeats.</summary>
    /// <param name="refused">The event.</param>
    /// <param name="now">Its time.</param>
    public void Write(ClientRefused refused, TimeSpan now) => logger.ClientRefused(
        LevelOf(_refused.IsFirst((refused.Identity, refused.Reason), refused, now)), refused.ConnectionId, IdentityOf(refused.Identity),
        AddressOf(refused.RemoteAddress), refused.Reason, SafeText.Line(refused.Detail));

    /// <summary>Logs that a client broke the protocol, at Debug when it repeats.</summary>
    /// <param name="violated">The event.</param>
    /// <param name="now">Its time.</param>
    public void Write(ProtocolViolated violated, TimeSpan now) => logger.ProtocolViolated(
        LevelOf(_violated.IsFirst((violated.Identity, violated.Reason), violated, now)), violated.ConnectionId,
        IdentityOf(violated.Identity), AddressOf(violated.RemoteAddress), violated.Reason, violated.Clause, Short(violated.Detail));

    /// <summary>Logs that a client was denied a topic, at Debug when it repeats with any topic.</summary>
    /// <param name="denied">The event.</param>
    /// <param name="now">Its time.</param>
    public void Write(AccessDenied denied, TimeSpan now) => logger.AccessDenied(
        LevelOf(_denied.IsFirst((denied.Identity, denied.Action), denied, now)), denied.ConnectionId, IdentityOf(denied.Identity),
        AddressOf(denied.RemoteAddress), denied.Action, Short(denied.Topic), SafeText.Line(denied.Detail));

    /// <summary>Logs the summaries that are due.</summary>
    /// <param name="now">The time of an event.</param>
    public void Pass(TimeSpan now)
    {
        _refused.Pass(now);
        _violated.Pass(now);
        _denied.Pass(now);
    }

    /// <summary>Logs what is still held back, because the broker stops.</summary>
    public void End()
    {
        _refused.End();
        _violated.End();
        _denied.End();
    }

    private static LogLevel LevelOf(bool isFirst) => isFirst ? LogLevel.Information : LogLevel.Debug;

    private static string IdentityOf(string? identity) => identity is null ? "an unknown identity" : SafeText.Line(identity);

    private static string AddressOf(string? address) => address ?? "an unknown address";

    private static string Short(string foreign) => SafeText.Of(foreign, SafeText.Short);

    private static string Times<TEvent>(Repeats<TEvent> again) => Quantity.Of(again.Count, "more time");

    private static string About<TEvent>(Repeats<TEvent> again) => DurationText.About(again.Time);
}
