using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>
/// Keeps the broker's state, so that it outlives the process. The broker works on its own memory and passes each change of durable state
/// to the store at once. What a client must not learn before the change is durable waits for the change's ticket, see
/// <see cref="Durable.Durability"/>. Any thread. A store must neither block in a change nor call back.
/// </summary>
internal interface IBrokerStore
{
    /// <summary>How far its changes are durable.</summary>
    Durability Durability { get; }

    /// <summary>Why it cannot keep new messages now, which are to be refused then; null when it can. Any thread.</summary>
    string? Refusal { get; }

    /// <summary>How many bytes it may keep; 0 when it keeps nothing.</summary>
    long Capacity { get; }

    /// <summary>Loads everything that was stored. Called at most once, before the first change.</summary>
    /// <param name="maxQueuedInMemory">
    /// About how many bytes of the messages that wait for one session are loaded; of the rest only where it lies.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask<BrokerState> LoadAsync(long maxQueuedInMemory, CancellationToken cancellationToken);

    /// <summary>
    /// A session begins that outlives its connection. The changes of one session arrive one after another, in order, under its lock.
    /// </summary>
    ISessionStore OpenSession(SessionRecord session);

    /// <summary>A client has a will from now on, whether its session is stored or not.</summary>
    /// <returns>Its number, for <see cref="DeleteWill"/>.</returns>
    long PutWill(WillRecord will);

    /// <summary>A will was published or discarded.</summary>
    void DeleteWill(long number);

    /// <summary>A message is the retained one of its topic now. Under a lock of all retained messages.</summary>
    /// <param name="message">The message.</param>
    /// <param name="identity">The identity that pays for it.</param>
    /// <param name="stamp">In a fleet the stamp of the change; the default otherwise.</param>
    void PutRetained(StoredMessage message, string identity, RetainedStamp stamp);

    /// <summary>A topic has no retained message any more.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="stamp">The stamp of the change, which is kept; the default for none.</param>
    void DeleteRetained(byte[] topic, RetainedStamp stamp);

    /// <summary>What is known of removed messages whose stamps are not kept any more.</summary>
    void PutRetainedFloor(RetainedStamp floor);

    /// <summary>
    /// Whether so much of what it has written is dead that all that lives should be written anew, and the rest dropped. Any thread.
    /// </summary>
    /// <param name="live">About how many bytes live; a message that several hold may count for each.</param>
    bool WantsRewrite(long live);

    /// <summary>
    /// From now on everything that lives is written anew: every session (<see cref="ISessionStore.BeginRewrite"/>) and every retained
    /// message. Meanwhile changes go on. Then comes <see cref="EndRewriteAsync"/>.
    /// </summary>
    void BeginRewrite();

    /// <summary>Drops what was written before <see cref="BeginRewrite"/>, as soon as the rest is durable.</summary>
    ValueTask EndRewriteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The changes that this thread makes until the result is disposed become durable together. A thread begins no second one meanwhile,
    /// and none while it holds a session's lock.
    /// </summary>
    StoreUnit BeginUnit();

    /// <summary>The end of <see cref="BeginUnit"/>.</summary>
    void EndUnit();
}
