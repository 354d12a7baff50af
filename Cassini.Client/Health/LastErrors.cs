using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health;

/// <summary>Selects the events that are errors, and puts them into words.</summary>
internal static class LastErrors
{
    /// <returns>Null for an event that is not an error.</returns>
    public static LastError? Of(EventEnvelope envelope) =>
        Describe(envelope.Event) is { } message ? new LastError(message, envelope.Time) : null;

    private static string? Describe(BrokerEvent happened) => happened switch
    {
        CanaryFailed e => $"canary: {e.Detail}",
        BindFailed e => $"bind {e.Endpoint}: {e.Message}",
        AcceptFailed e => $"accept on {e.Endpoint}: {e.Error}",
        Crashed e => $"{e.Component} crashed: {e.Exception}: {e.Message}",
        GaveUp e => $"{e.Component} given up after {Quantity.Of(e.Crashes, "crash", "crashes")}",
        StoreFailed e => $"store: {e.Message}",
        CertificateReloadFailed e => $"reload {e.Path}: {e.Message}",
        ConfigurationReloadFailed e => $"settings: {e.Problem}",
        EngineLost e => $"fleet: {e.Problem}",
        PeerLost e => $"fleet: node {e.Node} is lost",
        _ => null,
    };
}
