using Cassini.Streams.Listening;

namespace Cassini.Management.Control;

/// <summary>The real listeners.</summary>
internal sealed class ListenerControl(ListenerManager manager) : IListenerControl
{
    public bool Disconnect(long id) => manager.Disconnect(id);

    public bool CrashConnection(long? id) => manager.CrashConnection(id);

    public bool CrashAcceptLoop(string? endpoint) => manager.CrashAcceptLoop(endpoint);

    public bool CrashManager() => manager.CrashManager();

    public bool StallAccept(string? endpoint) => manager.StallAccept(endpoint);

    public bool CloseEndpoint(string? endpoint) => manager.CloseEndpoint(endpoint);

    public void Resume() => manager.Resume();
}
