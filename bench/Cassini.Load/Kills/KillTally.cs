namespace Cassini.Load.Kills;

/// <summary>What came of the messages of a run of kills.</summary>
/// <param name="Acknowledged">Messages that the broker acknowledged, sooner or later.</param>
/// <param name="Lost">Those of them that never came.</param>
/// <param name="Twice">Messages of QoS 2 that came more than once.</param>
/// <param name="OutOfOrder">Messages that came first when a later one of their quality of service had come.</param>
/// <param name="SessionsLost">How often the broker no longer knew the subscriber, which then subscribed again.</param>
internal sealed record KillTally(long Acknowledged, long Lost, long Twice, long OutOfOrder, int SessionsLost);
