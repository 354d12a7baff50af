using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Logging;

/// <summary>
/// Keeps refused peers from filling the log. The first refusal of an address for a reason is logged at Information, those after it at
/// Debug, with summaries (<see cref="RepeatLimit{TKey, TEvent}"/>). For one observer's thread.
/// </summary>
/// <param name="logger">Where the summaries are logged.</param>
internal sealed class RefusalLimit(ILogger logger)
{
    /// <summary>The most addresses and reasons that have a summary of their own; one for all others counts the rest.</summary>
    public const int Most = 64;

    private readonly RepeatLimit<(string Address, HandshakeFailure Reason), HandshakeFailed> _refusals = new(
        Most,
        again => logger.RefusedAgain(AddressOf(again.Last), Times(again), About(again), EventLogMessages.WhyOf(again.Last)),
        again => logger.OthersRefused(Times(again), About(again)));

    /// <summary>Takes note of a refusal.</summary>
    /// <param name="refused">The refusal.</param>
    /// <param name="now">Its time.</param>
    /// <returns>The level at which it is to be logged.</returns>
    public LogLevel LevelOf(HandshakeFailed refused, TimeSpan now) =>
        _refusals.IsFirst((AddressOf(refused), refused.Reason), refused, now) ? LogLevel.Information : LogLevel.Debug;

    /// <summary>Logs the summaries that are due.</summary>
    /// <param name="now">The time of an event.</param>
    public void Pass(TimeSpan now) => _refusals.Pass(now);

    /// <summary>Logs what is still held back, because the broker stops.</summary>
    public void End() => _refusals.End();

    private static string AddressOf(HandshakeFailed refused) => PeerKey.NameOf(refused.RemoteAddress) ?? "an unknown address";

    private static string Times(Repeats<HandshakeFailed> again) => Quantity.Of(again.Count, "more time");

    private static string About(Repeats<HandshakeFailed> again) => DurationText.About(again.Time);
}
