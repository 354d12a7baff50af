namespace Cassini.Management.Control;

/// <summary>What the management surface may do to the listeners: the one way in which it changes anything.</summary>
internal interface IListenerControl
{
    /// <summary>Closes one connection.</summary>
    /// <returns>False when there is no such connection.</returns>
    bool Disconnect(long id);

    /// <summary>Rehearsal: what serves one connection crashes; any one when <paramref name="id"/> is null.</summary>
    bool CrashConnection(long? id);

    /// <summary>Rehearsal: an accept loop crashes; every one when <paramref name="endpoint"/> is null.</summary>
    bool CrashAcceptLoop(string? endpoint);

    /// <summary>Rehearsal: the listener manager crashes.</summary>
    bool CrashManager();

    /// <summary>Rehearsal: an accept loop stops accepting with its socket still bound; every one for null.</summary>
    bool StallAccept(string? endpoint);

    /// <summary>Rehearsal: an endpoint's socket is closed; every one's for null.</summary>
    bool CloseEndpoint(string? endpoint);

    /// <summary>Undoes stalls and closes.</summary>
    void Resume();
}
