namespace Cassini.Streams.Store;

/// <summary>What the store has done since the process started, and how it is.</summary>
/// <param name="Commits">Groups that were committed.</param>
/// <param name="Changes">Changes in them.</param>
/// <param name="Written">Their bytes.</param>
/// <param name="CommitTime">How long all commits took together.</param>
/// <param name="Bytes">The bytes of all groups that are there now.</param>
/// <param name="LiveBytes">The bytes that the last rewrite wrote; 0 before the first.</param>
/// <param name="Rewrites">How often everything that lives was written anew.</param>
/// <param name="Lag">How long the oldest change waits to become durable; zero when none does.</param>
/// <param name="TakesMessages">Whether it keeps new messages.</param>
public sealed record StoreStatistics(
    long Commits,
    long Changes,
    long Written,
    TimeSpan CommitTime,
    long Bytes,
    long LiveBytes,
    long Rewrites,
    TimeSpan Lag,
    bool TakesMessages);
