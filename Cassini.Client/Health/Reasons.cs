using System.Collections.Frozen;

namespace Cassini.Streams.Health;

/// <summary>The reason codes of the checks: a closed set, so that dashboards and runbooks can name them.</summary>
public static class Reasons
{
    /// <summary>No evidence yet.</summary>
    public const string NoEvidence = nameof(NoEvidence);

    /// <summary>projection: its own tick is older than the window.</summary>
    public const string ProjectionStale = nameof(ProjectionStale);

    /// <summary>bind: an endpoint could not be bound.</summary>
    public const string BindFailed = nameof(BindFailed);

    /// <summary>bind: an endpoint's socket is closed.</summary>
    public const string EndpointClosed = nameof(EndpointClosed);

    /// <summary>manager: no heartbeat within the window.</summary>
    public const string HeartbeatMissing = nameof(HeartbeatMissing);

    /// <summary>manager: its counts contradict the events for longer than the window.</summary>
    public const string CountsContradict = nameof(CountsContradict);

    /// <summary>manager: heartbeats are slow.</summary>
    public const string HeartbeatSlow = nameof(HeartbeatSlow);

    /// <summary>accept: no endpoint is bound, so none can accept.</summary>
    public const string NothingBound = nameof(NothingBound);

    /// <summary>accept: an accept loop did not acknowledge a probe within the window.</summary>
    public const string AcceptStalled = nameof(AcceptStalled);

    /// <summary>accept: acknowledgements are slow.</summary>
    public const string AcceptSlow = nameof(AcceptSlow);

    /// <summary>canary: no client certificate is configured.</summary>
    public const string CanaryOff = nameof(CanaryOff);

    /// <summary>canary: its round trip failed.</summary>
    public const string CanaryFailed = nameof(CanaryFailed);

    /// <summary>canary: it has reported no result for too long.</summary>
    public const string CanaryStale = nameof(CanaryStale);

    /// <summary>canary: its round trip is slow.</summary>
    public const string CanarySlow = nameof(CanarySlow);

    /// <summary>canary: its own client certificate has expired.</summary>
    public const string CanaryCertificateExpired = nameof(CanaryCertificateExpired);

    /// <summary>supervision: a component crashed too often and is not started again.</summary>
    public const string GaveUp = nameof(GaveUp);

    /// <summary>supervision: a core component crashed and does not run again yet.</summary>
    public const string CoreDown = nameof(CoreDown);

    /// <summary>supervision: something crashed recently.</summary>
    public const string Crashed = nameof(Crashed);

    /// <summary>supervision: too many crashes within the window.</summary>
    public const string TooManyCrashes = nameof(TooManyCrashes);

    /// <summary>supervision: crashes within the window, below the limit.</summary>
    public const string RecentCrashes = nameof(RecentCrashes);

    /// <summary>handshake: too many handshakes are refused.</summary>
    public const string HandshakesRefused = nameof(HandshakesRefused);

    /// <summary>certificate: it has expired.</summary>
    public const string CertificateExpired = nameof(CertificateExpired);

    /// <summary>certificate: no CA of the clients is valid yet.</summary>
    public const string CertificateNotYetValid = nameof(CertificateNotYetValid);

    /// <summary>certificate: it expires soon.</summary>
    public const string CertificateExpiring = nameof(CertificateExpiring);

    /// <summary>certificate: new files cannot be used, and the old ones stay in use.</summary>
    public const string ReloadFailed = nameof(ReloadFailed);

    /// <summary>certificate: the revocation list is past its next update.</summary>
    public const string RevocationListStale = nameof(RevocationListStale);

    /// <summary>backlog: over the soft limit.</summary>
    public const string BacklogHigh = nameof(BacklogHigh);

    /// <summary>backlog: over the hard limit.</summary>
    public const string BacklogFull = nameof(BacklogFull);

    /// <summary>backlog: messages were dropped recently.</summary>
    public const string MessagesDropped = nameof(MessagesDropped);

    /// <summary>capacity: too many connections are open for one more.</summary>
    public const string ConnectionsFull = nameof(ConnectionsFull);

    /// <summary>capacity: too many sessions exist for one more.</summary>
    public const string SessionsFull = nameof(SessionsFull);

    /// <summary>capacity: there is no memory for more messages.</summary>
    public const string MemoryFull = nameof(MemoryFull);

    /// <summary>capacity: there is no place for one more retained message.</summary>
    public const string RetainedFull = nameof(RetainedFull);

    /// <summary>capacity: there is no place for one more shared subscription.</summary>
    public const string SharedSubscriptionsFull = nameof(SharedSubscriptionsFull);

    /// <summary>capacity: the process may open no more files or connections.</summary>
    public const string DescriptorsFull = nameof(DescriptorsFull);

    /// <summary>capacity: little room is left.</summary>
    public const string CapacityHigh = nameof(CapacityHigh);

    /// <summary>store: off, because nothing is stored.</summary>
    public const string StoreOff = nameof(StoreOff);

    /// <summary>store: there is no room for new messages, or the disk may not be written to.</summary>
    public const string StoreFull = nameof(StoreFull);

    /// <summary>store: the disk fails.</summary>
    public const string StoreFailing = nameof(StoreFailing);

    /// <summary>store: a change waits for the disk for very long.</summary>
    public const string StoreStalled = nameof(StoreStalled);

    /// <summary>store: commits are slow.</summary>
    public const string StoreSlow = nameof(StoreSlow);

    /// <summary>store: little room is left.</summary>
    public const string StoreSpaceLow = nameof(StoreSpaceLow);

    /// <summary>store: messages that wait in the journal alone cannot be read back.</summary>
    public const string StoreUnreadable = nameof(StoreUnreadable);

    /// <summary>store: the journal's write-ahead log cannot be copied into it.</summary>
    public const string StoreLogGrows = nameof(StoreLogGrows);

    /// <summary>configuration: off, because nothing reads settings.</summary>
    public const string ConfigurationOff = nameof(ConfigurationOff);

    /// <summary>configuration: new settings are wrong, and those before stay in force.</summary>
    public const string ConfigurationRefused = nameof(ConfigurationRefused);

    /// <summary>cluster: off, because the broker is no node of a fleet.</summary>
    public const string ClusterOff = nameof(ClusterOff);

    /// <summary>cluster: this node does not know yet what its peers subscribe to.</summary>
    public const string Joining = nameof(Joining);

    /// <summary>cluster: another process has, or would have, the name of this node.</summary>
    public const string NameTaken = nameof(NameTaken);

    /// <summary>cluster: other nodes serve without this one.</summary>
    public const string Isolated = nameof(Isolated);

    /// <summary>cluster: the bus is not connected, and there are peers.</summary>
    public const string EngineLost = nameof(EngineLost);

    /// <summary>cluster: the bus is not connected, and no peer is known that is not lost.</summary>
    public const string Alone = nameof(Alone);

    /// <summary>cluster: messages for sessions of a peer that is gone are not kept for it.</summary>
    public const string NotKept = nameof(NotKept);

    /// <summary>cluster: a peer is lost.</summary>
    public const string PeerLost = nameof(PeerLost);

    /// <summary>cluster: a peer was not heard for a while.</summary>
    public const string PeerSuspect = nameof(PeerSuspect);

    /// <summary>cluster: a peer has not confirmed a subscription in time, or not said what it subscribes to.</summary>
    public const string InterestLagging = nameof(InterestLagging);

    /// <summary>cluster: retained messages of a peer are not retained here.</summary>
    public const string RetainedIncomplete = nameof(RetainedIncomplete);

    /// <summary>cluster: the settings or the access rules of a peer differ.</summary>
    public const string ConfigDiffers = nameof(ConfigDiffers);

    /// <summary>cluster: the clock of a peer differs.</summary>
    public const string ClockSkew = nameof(ClockSkew);

    /// <summary>cluster: a peer is heard and takes no messages.</summary>
    public const string LinkStalled = nameof(LinkStalled);

    /// <summary>cluster: messages to a peer are dropped.</summary>
    public const string LinkDropping = nameof(LinkDropping);

    /// <summary>phase: starting.</summary>
    public const string Starting = nameof(Starting);

    /// <summary>phase: recovering durable state.</summary>
    public const string Recovering = nameof(Recovering);

    /// <summary>phase: draining.</summary>
    public const string Draining = nameof(Draining);

    /// <summary>phase: stopped.</summary>
    public const string Stopped = nameof(Stopped);

    /// <summary>All reason codes. Each has an entry in the runbook.</summary>
    public static IReadOnlySet<string> All { get; } =
        typeof(Reasons).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).ToFrozenSet();
}
