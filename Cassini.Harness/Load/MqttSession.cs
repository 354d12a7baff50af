namespace Cassini.Harness.Load;

/// <summary>Who connects, and what becomes of its session.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="IsNew">Whether to begin with a new session.</param>
/// <param name="ExpirySeconds">How long the broker keeps it after a lost connection.</param>
internal sealed record MqttSession(string ClientId, bool IsNew, uint ExpirySeconds);
