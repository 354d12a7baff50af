namespace Cassini.Streams.Health;

/// <summary>The last thing that went wrong.</summary>
/// <param name="Message">What.</param>
/// <param name="Time">When.</param>
public sealed record LastError(string Message, DateTimeOffset Time);
