using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The sessions of all nodes of a fleet: a client identifier has one session, whichever node its client connects to. Thread-safe.
/// </summary>
internal interface IFleetSessions
{
    /// <summary>
    /// Whether this node knows for whom messages are on other nodes, or has waited long enough for it. Before that nothing is published.
    /// </summary>
    bool HasJoined { get; }

    /// <summary>Ends when it has joined, or when a client has waited long enough for that.</summary>
    /// <returns>Whether it has.</returns>
    Task<bool> WhenJoinedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A client wants its session here. When another node has it, that one gives it up: its connection is closed, and a session that
    /// outlives it is brought here, into the table.
    /// </summary>
    /// <param name="request">What the client asks for.</param>
    /// <param name="cancellationToken">Ends it: the session stays where it is.</param>
    /// <returns>Must be disposed after the client was attached, or was not.</returns>
    Task<SessionClaim> ClaimAsync(AttachRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Whether another node wants the session of a client, or has it. Not under a lock of the table: nodes hold their lock before that.
    /// </summary>
    bool IsElsewhere(string clientId);

    /// <summary>A session is here. Under a lock of the table: it must be quick, and call nobody.</summary>
    /// <param name="clientId">Its client identifier.</param>
    /// <param name="identity">The identity that it belongs to.</param>
    /// <param name="held">Whether it outlives its connection, and has begun just now.</param>
    /// <param name="since">When its client was here last, UTC.</param>
    void OnHeld(string clientId, string identity, HeldSession held, DateTimeOffset since);

    /// <summary>
    /// The client of a session that is here has connected again: it is later than any wish from before. Under a lock of the table: it must
    /// be quick, and call nobody.
    /// </summary>
    void OnServed(string clientId);

    /// <summary>A session is here no more. Under a lock of the table, perhaps.</summary>
    void OnEnded(string clientId);
}

/// <summary>What a session is that is here.</summary>
internal enum HeldSession
{
    /// <summary>It ends with its connection.</summary>
    EndsWithConnection,

    /// <summary>It outlives its connection, and has begun just now.</summary>
    HasBegun,

    /// <summary>It outlives its connection, and comes from the store or from another node.</summary>
    HasCome,
}

/// <summary>What became of a wish for a session.</summary>
/// <param name="reason">Why the client cannot have it; <see cref="ReasonCode.Success"/> when it can.</param>
/// <param name="detail">The same for people.</param>
/// <param name="end">The client was attached, or was not.</param>
internal sealed class SessionClaim(ReasonCode reason, string detail, Action end) : IDisposable
{
    public ReasonCode Reason { get; } = reason;

    public string Detail { get; } = detail;

    /// <summary>See <see cref="AttachRequest.WasHere"/>.</summary>
    public bool WasHere { get; init; }

    /// <summary>Whether a connection to another node was closed for it.</summary>
    public bool IsTakeOver { get; init; }

    public bool IsGranted => Reason == ReasonCode.Success;

    public void Dispose() => end();
}
