namespace Cassini.Streams.Hosting;

/// <summary>Faults that can be rehearsed. Any thread.</summary>
internal interface IRehearsals
{
    /// <summary>Makes the operation that a connection's handler awaits throw.</summary>
    /// <param name="id">The connection; null for any open one.</param>
    /// <returns>False when there is no such open connection.</returns>
    bool CrashConnection(long? id);

    /// <summary>Crashes an accept loop; its socket stays open.</summary>
    /// <param name="endpoint">The endpoint, as configured; null for every one.</param>
    /// <returns>False when there is no such endpoint.</returns>
    bool CrashAcceptLoop(string? endpoint);

    /// <summary>Crashes the listener manager; connections, sockets and its mailbox outlive it.</summary>
    /// <returns>False when its mailbox is full.</returns>
    bool CrashManager();

    /// <summary>Keeps an endpoint bound but accepts no connection, until <see cref="Resume"/>.</summary>
    /// <param name="endpoint">The endpoint, as configured; null for every one.</param>
    /// <returns>False when there is no such endpoint.</returns>
    bool StallAccept(string? endpoint);

    /// <summary>Closes an endpoint, until <see cref="Resume"/>.</summary>
    /// <param name="endpoint">The endpoint, as configured; null for every one.</param>
    /// <returns>False when there is no such endpoint.</returns>
    bool CloseEndpoint(string? endpoint);

    /// <summary>Stops the ticks of the health projection, until <see cref="Resume"/>.</summary>
    void StopTicks();

    /// <summary>Undoes stalls, closes and stopped ticks.</summary>
    void Resume();
}
