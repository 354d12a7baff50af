namespace Cassini.Management.Tables;

/// <summary>The body of GET /topics.</summary>
/// <param name="Count">How many topics there are with the prefix.</param>
/// <param name="Truncated">Whether there are more of them than are listed.</param>
/// <param name="Topics">The topics, by name.</param>
internal sealed record TopicsAnswer(int Count, bool Truncated, IReadOnlyList<TopicRow> Topics);

/// <summary>A topic in use.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Subscribers">How many subscribers its last message had; null when that is no longer known.</param>
/// <param name="Retained">Whether it holds a retained message.</param>
/// <param name="IdleSeconds">Seconds since the last publish to it.</param>
internal sealed record TopicRow(string Name, int? Subscribers, bool Retained, double IdleSeconds);

/// <summary>The body of GET /subscriptions.</summary>
/// <param name="Topic">The topic that was asked for.</param>
/// <param name="Count">How many subscriptions match it.</param>
/// <param name="Truncated">Whether there are more of them than are listed.</param>
/// <param name="Subscriptions">The subscriptions, by client.</param>
internal sealed record SubscriptionsAnswer(string Topic, int Count, bool Truncated, IReadOnlyList<SubscriptionRow> Subscriptions);

/// <summary>A subscription that matches a topic.</summary>
/// <param name="ClientId">The client identifier; null for an observer within the process.</param>
/// <param name="Identity">The identity of the client; null for an observer within the process.</param>
/// <param name="Filter">The filter, with <c>$share/NAME/</c> if it is shared.</param>
/// <param name="Qos">The most that was granted.</param>
/// <param name="Connected">Whether the client is connected.</param>
internal sealed record SubscriptionRow(string? ClientId, string? Identity, string Filter, int Qos, bool Connected);
