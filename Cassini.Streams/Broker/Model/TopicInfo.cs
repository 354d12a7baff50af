namespace Cassini.Streams.Broker.Model;

/// <summary>A topic in use.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Subscribers">How many subscribers its last message had; null when that is no longer known.</param>
/// <param name="IsRetained">Whether it holds a retained message.</param>
/// <param name="Idle">The time since the last message was published to it.</param>
public sealed record TopicInfo(string Name, int? Subscribers, bool IsRetained, TimeSpan Idle);
