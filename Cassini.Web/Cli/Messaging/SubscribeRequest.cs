namespace Cassini.Web.Cli.Messaging;

/// <summary>What <c>sub</c> was asked for.</summary>
/// <param name="Filters">What to subscribe to.</param>
/// <param name="Count">After how many messages to end; null is never.</param>
/// <param name="Rate">Whether to write rates instead of messages.</param>
/// <param name="NoRetained">Whether retained messages are unwanted.</param>
/// <param name="Session">How long the broker keeps the session without a connection; null when it ends with that.</param>
internal sealed record SubscribeRequest(IReadOnlyList<string> Filters, long? Count, bool Rate, bool NoRetained, TimeSpan? Session);
