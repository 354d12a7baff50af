namespace Cassini.Streams.Broker.Sessions;

/// <summary>What a connection asks the table of sessions for.</summary>
/// <param name="ClientId">Its client identifier, given or assigned.</param>
/// <param name="Identity">The identity that its certificate proves.</param>
/// <param name="CleanStart">Whether a session that exists ends first [MQTT-3.1.2-4].</param>
/// <param name="ExpirySeconds">Session expiry interval.</param>
/// <param name="ConnAckNew">The acknowledgement that says that there was no session.</param>
/// <param name="ConnAckPresent">The acknowledgement that says that the session existed.</param>
internal sealed record AttachRequest(
    string ClientId, string Identity, bool CleanStart, uint ExpirySeconds, byte[] ConnAckNew, byte[] ConnAckPresent)
{
    /// <summary>
    /// Whether the session was here when the fleet was asked. When it is not here any more, another node may have it: then none is made,
    /// unless the client wants a new one.
    /// </summary>
    public bool WasHere { get; init; }
}
