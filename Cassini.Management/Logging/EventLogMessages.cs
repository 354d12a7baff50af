using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Logging;

/// <summary>The log's messages. Their event ids are part of the surface and never change.</summary>
internal static partial class EventLogMessages
{
    public static LogLevel LevelOf(HealthChanged changed) => changed.To switch
    {
        HealthStatus.Error => LogLevel.Error,
        HealthStatus.Degraded or HealthStatus.Unknown => LogLevel.Warning,
        _ => LogLevel.Information,
    };

    /// <summary>Why a peer was refused, with the detail, of which the peer can control a part.</summary>
    public static string WhyOf(HandshakeFailed refused) =>
        refused.Detail is null ? $"{refused.Reason}" : $"{refused.Reason}: {SafeText.Line(refused.Detail)}";

    [LoggerMessage(1000, LogLevel.Warning, "the log missed the events {From} to {To}: it was too slow")]
    public static partial void EventsMissed(this ILogger logger, long from, long to);

    [LoggerMessage(1001, LogLevel.Error, "the log of events has ended")]
    public static partial void LogEnded(this ILogger logger, Exception exception);

    [LoggerMessage(1002, LogLevel.Information, "{Event}")]
    public static partial void Other(this ILogger logger, BrokerEvent @event);

    [LoggerMessage(1100, LogLevel.Debug, "{Endpoint} is configured")]
    public static partial void ListenerConfigured(this ILogger logger, string endpoint);

    [LoggerMessage(1101, LogLevel.Information, "{Endpoint} is bound")]
    public static partial void ListenerBound(this ILogger logger, string endpoint);

    /// <summary>An endpoint whose port the system chose.</summary>
    [LoggerMessage(1106, LogLevel.Information, "{Endpoint} is bound to {Address}")]
    public static partial void ListenerBoundTo(this ILogger logger, string endpoint, string address);

    [LoggerMessage(1102, LogLevel.Error, "{Endpoint} cannot be bound: {Error} ({Message}); attempt {Attempt}, next in {RetryIn}")]
    public static partial void BindFailed(
        this ILogger logger, string endpoint, string error, string message, int attempt, LogDuration retryIn);

    [LoggerMessage(1103, LogLevel.Information, "{Endpoint} is closed")]
    public static partial void ListenerClosed(this ILogger logger, string endpoint);

    [LoggerMessage(1104, LogLevel.Warning, "{Endpoint} is closed: {Reason}")]
    public static partial void ListenerLost(this ILogger logger, string endpoint, ListenerCloseReason reason);

    [LoggerMessage(1105, LogLevel.Warning, "{Endpoint} cannot accept: {Error}; failures in a row: {Failures}; next attempt in {RetryIn}")]
    public static partial void AcceptFailed(this ILogger logger, string endpoint, string error, int failures, LogDuration retryIn);

    [LoggerMessage(1200, LogLevel.Debug, "connection {Id}: accepted on {Endpoint} from {RemoteAddress}")]
    public static partial void ConnectionAccepted(this ILogger logger, long id, string endpoint, string remoteAddress);

    [LoggerMessage(1201, LogLevel.Debug, "connection {Id}: {Identity} passed the handshake with {Protocol} in {Duration}")]
    public static partial void HandshakeCompleted(this ILogger logger, long id, string identity, string protocol, LogDuration duration);

    [LoggerMessage(EventId = 1202, Message = "connection {Id}: {RemoteAddress} was refused: {Why}")]
    public static partial void HandshakeFailed(this ILogger logger, LogLevel level, long id, string remoteAddress, string why);

    [LoggerMessage(1203, LogLevel.Debug, "connection {Id}: opened for {Identity}")]
    public static partial void ConnectionOpened(this ILogger logger, long id, string identity);

    [LoggerMessage(
        1204,
        LogLevel.Debug,
        "connection {Id}: the session of client {ClientId} is closed: {Reason} after {Duration}, kept: {Kept}")]
    public static partial void SessionClosed(
        this ILogger logger, long id, string clientId, CloseReason reason, LogDuration duration, bool kept);

    [LoggerMessage(1205, LogLevel.Debug, "connection {Id}: closed: {Reason} after {Duration}")]
    public static partial void ConnectionClosed(this ILogger logger, long id, CloseReason reason, LogDuration duration);

    [LoggerMessage(1206, LogLevel.Warning, "{Identity} is refused for {Duration}: crashes of its connections: {Crashes}")]
    public static partial void IdentityQuarantined(this ILogger logger, string identity, int crashes, LogDuration duration);

    [LoggerMessage(
        1207,
        LogLevel.Debug,
        "connection {Id}: client {ClientId} opened its session with {Protocol}, session present: {SessionPresent}")]
    public static partial void SessionOpened(this ILogger logger, long id, string clientId, string protocol, bool sessionPresent);

    [LoggerMessage(EventId = 1208, Message = "connection {Id}: a client of {Identity} at {RemoteAddress} was refused: {Reason}{Detail}")]
    public static partial void ClientRefused(
        this ILogger logger, LogLevel level, long id, string identity, string remoteAddress, string reason, LogDetail detail);

    [LoggerMessage(
        EventId = 1209,
        Message = "connection {Id}: a client of {Identity} at {RemoteAddress} broke the protocol: {Reason} [{Clause}]{Detail}")]
    public static partial void ProtocolViolated(
        this ILogger logger, LogLevel level, long id, string identity, string remoteAddress, string reason, string clause,
        LogDetail detail);

    [LoggerMessage(
        EventId = 1210, Message = "connection {Id}: {Identity} at {RemoteAddress} was denied to {Action} {Topic}{Detail}")]
    public static partial void AccessDenied(
        this ILogger logger, LogLevel level, long id, string identity, string remoteAddress, string action, string topic,
        LogDetail detail);

    [LoggerMessage(
        1216, LogLevel.Information,
        "clients of {Identity} were refused at least {Times} within {Time}, the last one at {RemoteAddress}: {Reason}{Detail}")]
    public static partial void ClientsRefusedAgain(
        this ILogger logger, string identity, string times, string time, string remoteAddress, string reason, LogDetail detail);

    [LoggerMessage(
        1217, LogLevel.Information,
        "clients of {Identity} broke the protocol at least {Times} within {Time}, the last one at {RemoteAddress}: "
        + "{Reason} [{Clause}]{Detail}")]
    public static partial void ProtocolViolatedAgain(
        this ILogger logger, string identity, string times, string time, string remoteAddress, string reason, string clause,
        LogDetail detail);

    [LoggerMessage(
        1218, LogLevel.Information,
        "{Identity} was denied to {Action} at least {Times} within {Time}, the last time at {RemoteAddress}: {Topic}{Detail}")]
    public static partial void AccessDeniedAgain(
        this ILogger logger, string identity, string action, string times, string time, string remoteAddress, string topic,
        LogDetail detail);

    [LoggerMessage(1219, LogLevel.Information, "clients of many identities {What}: others at least {Times} within {Time}")]
    public static partial void OtherClients(this ILogger logger, string what, string times, string time);

    [LoggerMessage(
        1220, LogLevel.Information,
        "{Caller} asked for {Action} of {Target}: {Connections} connections closed, {Sessions} sessions ended, {Retained} retained "
        + "messages removed")]
    public static partial void RemedyApplied(
        this ILogger logger, string caller, RemedyAction action, string target, int connections, int sessions, long retained);

    [LoggerMessage(
        1221, LogLevel.Information,
        "{Rules} access rules are in force: {Subscriptions} subscriptions of {Sessions} sessions are no longer allowed and are removed")]
    public static partial void AccessRulesChanged(this ILogger logger, int rules, int sessions, int subscriptions);

    [LoggerMessage(1212, LogLevel.Debug, "connection {Id}: ended without a handshake: {Reason}")]
    public static partial void NoHandshake(this ILogger logger, long id, HandshakeFailure reason);

    [LoggerMessage(1213, LogLevel.Information, "{Address} was refused {Times} within {Time}: {Why}")]
    public static partial void RefusedAgain(this ILogger logger, string address, string times, string time, string why);

    [LoggerMessage(1214, LogLevel.Information, "many addresses are refused: others {Times} within {Time}")]
    public static partial void OthersRefused(this ILogger logger, string times, string time);

    [LoggerMessage(1211, LogLevel.Debug, "the session of client {ClientId} ended: {Reason}")]
    public static partial void SessionEnded(this ILogger logger, string clientId, SessionEndReason reason);

    [LoggerMessage(
        1215, LogLevel.Warning,
        "connections of {Identity} keep taking client identifier {ClientId} from each other ({TakeOvers} times): the next waits {Delay}")]
    public static partial void ClientIdContested(this ILogger logger, string clientId, string identity, int takeOvers, LogDuration delay);

    [LoggerMessage(1300, LogLevel.Debug, "{Component} crashed: {Exception}: {Message}; attempt {Attempt}, next start in {RestartIn}")]
    public static partial void CrashedRestarting(
        this ILogger logger, Component component, string exception, string message, int attempt, LogDuration restartIn);

    [LoggerMessage(1301, LogLevel.Debug, "{Component} crashed: {Exception}: {Message}")]
    public static partial void Crashed(this ILogger logger, Component component, string exception, string message);

    [LoggerMessage(1302, LogLevel.Information, "{Component} runs again after crash {Attempt}")]
    public static partial void Restarted(this ILogger logger, Component component, int attempt);

    [LoggerMessage(1303, LogLevel.Error, "{Component} is given up: crashes within {Window}: {Crashes}")]
    public static partial void GaveUp(this ILogger logger, Component component, int crashes, LogDuration window);

    [LoggerMessage(1400, LogLevel.Trace, "heartbeat in {RoundTrip}: {LiveConnections} live connections")]
    public static partial void HeartbeatReceived(this ILogger logger, LogDuration roundTrip, int liveConnections);

    [LoggerMessage(1401, LogLevel.Trace, "{Endpoint} accepts: probed in {RoundTrip}")]
    public static partial void AcceptProbed(this ILogger logger, string endpoint, LogDuration roundTrip);

    [LoggerMessage(1402, LogLevel.Information, "the canary is off: {Reason}")]
    public static partial void CanaryDisabled(this ILogger logger, string reason);

    [LoggerMessage(1403, LogLevel.Trace, "the canary succeeded in {Total}")]
    public static partial void CanarySucceeded(this ILogger logger, LogDuration total);

    [LoggerMessage(1404, LogLevel.Warning, "the canary failed at {Endpoint}: {Stage} {Reason}: {Detail}")]
    public static partial void CanaryFailed(this ILogger logger, string endpoint, CanaryStage stage, CanaryFailure reason, string detail);

    [LoggerMessage(1500, LogLevel.Information, "{Role} certificate {Subject} is in use; valid until {NotAfter:u}")]
    public static partial void CertificateLoaded(this ILogger logger, CertificateRole role, string subject, DateTimeOffset notAfter);

    [LoggerMessage(1501, LogLevel.Error, "{Role}: {Path} cannot be used, and the old one stays in use: {Message}")]
    public static partial void CertificateReloadFailed(this ILogger logger, CertificateRole role, string path, string message);

    [LoggerMessage(1502, LogLevel.Warning, "{Role} certificate {Subject} ends at {NotAfter:u}")]
    public static partial void CertificateExpiring(this ILogger logger, CertificateRole role, string subject, DateTimeOffset notAfter);

    [LoggerMessage(1600, LogLevel.Debug, "topic {Topic} created")]
    public static partial void TopicCreated(this ILogger logger, string topic);

    [LoggerMessage(1601, LogLevel.Debug, "topic {Topic} removed")]
    public static partial void TopicRemoved(this ILogger logger, string topic);

    [LoggerMessage(
        1602,
        LogLevel.Trace,
        "load: {QueuedMessages} queued messages, {Sessions} sessions, {Topics} topics, {Dropped} messages dropped so far")]
    public static partial void LoadSampled(this ILogger logger, long queuedMessages, int sessions, int? topics, long dropped);

    [LoggerMessage(1603, LogLevel.Warning, "messages for {ClientId} dropped: {Count}; the client was too slow, or memory was short")]
    public static partial void MessagesDropped(this ILogger logger, long count, string clientId);

    [LoggerMessage(EventId = 1604, Message = "clients or messages are turned away: the limit of {Resource} is reached, {Limit}")]
    public static partial void CapacityReached(this ILogger logger, LogLevel level, CapacityResource resource, long limit);

    [LoggerMessage(
        EventId = 1605, Message = "{Identity} is refused: it has its share of {Resource}, {Limit}; others are not affected")]
    public static partial void ShareReached(
        this ILogger logger, LogLevel level, string identity, CapacityResource resource, long limit);

    [LoggerMessage(
        1606, LogLevel.Error, "clients or messages were turned away again within {Time}: the limit of {Resource} is reached, {Limit}")]
    public static partial void CapacityReachedAgain(this ILogger logger, string time, CapacityResource resource, long limit);

    [LoggerMessage(
        1607,
        LogLevel.Warning,
        "{Identity} was refused again within {Time}: it has its share of {Resource}, {Limit}; others are not affected")]
    public static partial void ShareReachedAgain(
        this ILogger logger, string identity, string time, CapacityResource resource, long limit);

    [LoggerMessage(1608, LogLevel.Warning, "many identities have their share: clients of others were refused within {Time}")]
    public static partial void OtherSharesReached(this ILogger logger, string time);

    [LoggerMessage(1700, LogLevel.Information, "phase {Phase}")]
    public static partial void PhaseEntered(this ILogger logger, Phase phase);

    [LoggerMessage(1701, LogLevel.Information, "phase {Phase} took {Duration}")]
    public static partial void PhaseLeft(this ILogger logger, Phase phase, LogDuration duration);

    [LoggerMessage(1702, LogLevel.Warning, "phase {Phase} was cut short after {Duration}")]
    public static partial void PhaseForced(this ILogger logger, Phase phase, LogDuration duration);

    [LoggerMessage(1703, LogLevel.Debug, "drain: {Stage}, at most {Deadline}")]
    public static partial void DrainStageEntered(this ILogger logger, DrainStage stage, LogDuration deadline);

    [LoggerMessage(
        1704,
        LogLevel.Information,
        "drain: {Stage} took {Duration}; {Sessions} clients left, {Messages} messages for them, {Kept} for sessions without a connection")]
    public static partial void DrainStageLeft(
        this ILogger logger, DrainStage stage, LogDuration duration, int sessions, long messages, long kept);

    [LoggerMessage(
        1705,
        LogLevel.Warning,
        "drain: {Stage} was cut short after {Duration}; {Sessions} clients left, {Messages} messages for them, "
        + "{Kept} for sessions without a connection")]
    public static partial void DrainStageForced(
        this ILogger logger, DrainStage stage, LogDuration duration, int sessions, long messages, long kept);

    [LoggerMessage(1710, LogLevel.Debug, "the settings are read: nothing is to be changed")]
    public static partial void ConfigurationLoaded(this ILogger logger);

    [LoggerMessage(1711, LogLevel.Information, "the settings are read: in force from now on: {TakenUp}; after a restart: {NeedRestart}")]
    public static partial void ConfigurationChanged(this ILogger logger, string takenUp, string needRestart);

    [LoggerMessage(1712, LogLevel.Warning, "the new settings are wrong, and those before stay in force: {Problem}; {More} more errors")]
    public static partial void ConfigurationReloadFailed(this ILogger logger, string problem, int more);

    [LoggerMessage(1713, LogLevel.Information, "{Caller} asked for the log level {Level} of {LoggerCategory} for {Time}")]
    public static partial void LogLevelChanged(this ILogger logger, string caller, string level, string loggerCategory, LogDuration time);

    [LoggerMessage(1714, LogLevel.Information, "the configured log levels are in force again, by {Caller}")]
    public static partial void LogLevelReturned(this ILogger logger, string caller);

    [LoggerMessage(2310, LogLevel.Debug, "store: {Read} of {Total} bytes are read: {Sessions} sessions, {Messages} messages so far")]
    public static partial void StoreRecovering(this ILogger logger, long read, long total, int sessions, long messages);

    [LoggerMessage(
        2311,
        LogLevel.Information,
        "store: {Sessions} sessions with {Messages} messages are restored from {Bytes} bytes in {Duration}; level {Level}")]
    public static partial void StoreOpened(
        this ILogger logger, int sessions, long messages, long bytes, LogDuration duration, string level);

    [LoggerMessage(2312, LogLevel.Error, "store: new messages cannot be kept, and are refused{Message}")]
    public static partial void StoreFailed(this ILogger logger, LogDetail message);

    [LoggerMessage(2313, LogLevel.Information, "store: new messages are kept again, after {Duration}")]
    public static partial void StoreResumed(this ILogger logger, LogDuration duration);

    [LoggerMessage(2410, LogLevel.Information, "fleet: this process is node {Node} of {Fleet}")]
    public static partial void FleetEntered(this ILogger logger, string node, string fleet);

    [LoggerMessage(2411, LogLevel.Information, "fleet: joined after {Duration}; live peers: {Peers}")]
    public static partial void FleetJoined(this ILogger logger, int peers, LogDuration duration);

    [LoggerMessage(2412, LogLevel.Warning, "fleet: ready, although it is not known what all nodes subscribe to; late: {Nodes}")]
    public static partial void FleetJoinLate(this ILogger logger, string nodes);

    [LoggerMessage(2413, LogLevel.Information, "fleet: the bus is connected: {Server}")]
    public static partial void EngineConnected(this ILogger logger, string server);

    [LoggerMessage(2414, LogLevel.Warning, "fleet: the bus is not connected: {Problem}")]
    public static partial void EngineLost(this ILogger logger, string problem);

    [LoggerMessage(2436, LogLevel.Error, "fleet: the name {Node} is taken by run {OtherEpoch}: this process takes no part")]
    public static partial void NameTaken(this ILogger logger, string node, string otherEpoch);

    [LoggerMessage(2437, LogLevel.Warning, "fleet: another process was started as {Node}, run {OtherEpoch}, and takes no part")]
    public static partial void NameShared(this ILogger logger, string node, string otherEpoch);

    [LoggerMessage(2438, LogLevel.Information, "fleet: no other process has the name {Node} any more")]
    public static partial void NameFreed(this ILogger logger, string node);

    [LoggerMessage(2415, LogLevel.Information, "fleet: node {Node} is there, run {PeerEpoch}")]
    public static partial void PeerJoined(this ILogger logger, string node, string peerEpoch);

    [LoggerMessage(2416, LogLevel.Warning, "fleet: node {Node} is suspect: it was not heard for {Silence}")]
    public static partial void PeerSuspected(this ILogger logger, string node, LogDuration silence);

    [LoggerMessage(2417, LogLevel.Information, "fleet: node {Node} is back after {Silence}")]
    public static partial void PeerBack(this ILogger logger, string node, LogDuration silence);

    [LoggerMessage(2418, LogLevel.Warning, "fleet: node {Node}, run {PeerEpoch}, is lost: it was not heard for {Silence}")]
    public static partial void PeerLost(this ILogger logger, string node, string peerEpoch, LogDuration silence);

    [LoggerMessage(2419, LogLevel.Information, "fleet: node {Node} has stopped gracefully")]
    public static partial void PeerLeft(this ILogger logger, string node);

    [LoggerMessage(2420, LogLevel.Information, "fleet: the lost node {Node} is forgotten")]
    public static partial void PeerForgotten(this ILogger logger, string node);

    [LoggerMessage(2431, LogLevel.Information, "fleet: node {Node}, asked over HTTP, {Says}")]
    public static partial void PeerSeen(this ILogger logger, string node, string says);

    [LoggerMessage(2432, LogLevel.Warning, "fleet: node {Node}, asked over HTTP, serves without this one: its bus is connected")]
    public static partial void PeerServes(this ILogger logger, string node);

    [LoggerMessage(2433, LogLevel.Warning, "fleet: nothing is kept for sessions of node {Node} while it is gone: there is no place for it")]
    public static partial void NothingKept(this ILogger logger, string node);

    [LoggerMessage(2434, LogLevel.Warning, "fleet: {Dropped} messages for sessions of node {Node} are lost: there is no room to keep them")]
    public static partial void MessagesNotKept(this ILogger logger, string node, long dropped);

    [LoggerMessage(2435, LogLevel.Information, "fleet: no message for sessions of node {Node} is lost any more")]
    public static partial void MessagesKept(this ILogger logger, string node);

    [LoggerMessage(2440, LogLevel.Debug, "fleet: the session of {ClientId} came from node {From} with {Messages} messages in {Duration}")]
    public static partial void SessionArrived(this ILogger logger, string clientId, string from, long messages, LogDuration duration);

    [LoggerMessage(2441, LogLevel.Warning, "fleet: the session of client {ClientId} did not come from node {From}: {Problem}")]
    public static partial void SessionNotArrived(this ILogger logger, string clientId, string from, string problem);

    [LoggerMessage(2421, LogLevel.Warning, "fleet: node {Node} has not confirmed a subscription for {Waited}")]
    public static partial void InterestLagging(this ILogger logger, string node, LogDuration waited);

    [LoggerMessage(2422, LogLevel.Information, "fleet: node {Node} has confirmed all subscriptions")]
    public static partial void InterestConfirmed(this ILogger logger, string node);

    [LoggerMessage(2423, LogLevel.Warning, "fleet: node {Node} differs from this one: {What}")]
    public static partial void PeerDiffers(this ILogger logger, string node, string what);

    [LoggerMessage(2424, LogLevel.Information, "fleet: node {Node} has the same settings and access rules as this one again")]
    public static partial void PeerAgrees(this ILogger logger, string node);

    [LoggerMessage(2425, LogLevel.Warning, "fleet: the clock of node {Node} is {Direction} this one's by {Skew}")]
    public static partial void PeerClockSkewed(this ILogger logger, string node, string direction, LogDuration skew);

    [LoggerMessage(2426, LogLevel.Information, "fleet: the clock of node {Node} is right again")]
    public static partial void PeerClockRight(this ILogger logger, string node);

    [LoggerMessage(2442, LogLevel.Warning, "fleet: node {Node} is heard and takes no messages, for {Waited}")]
    public static partial void LinkStalled(this ILogger logger, string node, LogDuration waited);

    [LoggerMessage(2443, LogLevel.Information, "fleet: node {Node} takes messages again, or is lost")]
    public static partial void LinkResumed(this ILogger logger, string node);

    [LoggerMessage(2427, LogLevel.Warning, "fleet: QoS 0 messages to node {Node} are dropped, {Dropped} so far: it takes no more")]
    public static partial void LinkDropping(this ILogger logger, string node, long dropped);

    [LoggerMessage(2428, LogLevel.Information, "fleet: node {Node} takes all messages again")]
    public static partial void LinkRecovered(this ILogger logger, string node);

    [LoggerMessage(2429, LogLevel.Warning, "fleet: {Missing} retained messages of node {Node} are not here: no room, or too large")]
    public static partial void RetainedIncomplete(this ILogger logger, string node, long missing);

    [LoggerMessage(2430, LogLevel.Information, "fleet: all retained messages of node {Node} are retained here")]
    public static partial void RetainedComplete(this ILogger logger, string node);

    /// <summary>The phase itself is logged at Information, and entered on purpose: a clean stop is no error.</summary>
    [LoggerMessage(1801, LogLevel.Debug, "the check phase follows: {Reason}")]
    public static partial void PhaseChecked(this ILogger logger, string reason);

    [LoggerMessage(EventId = 1800, Message = "{Check}: {From} → {To}{Reason}{Message}")]
    public static partial void HealthChanged(
        this ILogger logger, LogLevel level, string check, HealthStatus from, HealthStatus to, LogDetail reason, LogDetail message);
}
