using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Web.Management;

namespace Cassini.Web.StandIn;

internal static class HostContext
{
    public static ManagementContext Of(BrokerHost host, TimeProvider time) =>
        new(host.Hub, host.Health, host.Sessions, new Control(host.Listeners), host.Options.Management, time);

    private sealed class Control(ListenerManager listeners) : IListenerControl
    {
        public bool Disconnect(long id) => listeners.Disconnect(id);

        public bool CrashSession(long? id) => listeners.CrashSession(id);

        public bool CrashAcceptLoop(string? endpoint) => listeners.CrashAcceptLoop(endpoint);

        public void CrashManager() => listeners.CrashManager();

        public bool StallAccept(string? endpoint) => listeners.StallAccept(endpoint);

        public bool CloseEndpoint(string? endpoint) => listeners.CloseEndpoint(endpoint);

        public void Resume() => listeners.Resume();
    }
}
