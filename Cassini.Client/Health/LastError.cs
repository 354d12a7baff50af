namespace Cassini.Streams.Health;

/// <summary>The last error.</summary>
/// <param name="Message">What went wrong.</param>
/// <param name="Time">When it happened, UTC.</param>
public sealed record LastError(string Message, DateTimeOffset Time);
