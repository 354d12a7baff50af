using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Settings;

namespace Cassini.Web.Cli.Settings;

/// <summary>The settings that say where the process listens: no two of them may claim the same port of the same address.</summary>
/// <param name="Listener">Where clients connect.</param>
/// <param name="Management">Where management and the gRPC health protocol answer.</param>
internal sealed record ListenAddresses(ListenerOptions Listener, ManagementOptions Management)
{
    /// <summary>The rules. It has no settings of its own.</summary>
    public static SettingsSection<ListenAddresses> Section { get; } = new(
        "",
        new ListenAddresses(new CassiniOptions().Listener, new ManagementOptions()),
        SettingRule<ListenAddresses>.Finding(
            ManagementSettings.Address,
            "not where the broker listens",
            addresses => addresses.Collisions(ManagementSettings.Address),
            ListenerSettings.Endpoints,
            ListenerSettings.WebSocketEndpoints),
        SettingRule<ListenAddresses>.Finding(
            ManagementSettings.GrpcAddress,
            "not where the broker or management listens",
            addresses => addresses.Collisions(ManagementSettings.GrpcAddress),
            ListenerSettings.Endpoints,
            ListenerSettings.WebSocketEndpoints,
            ManagementSettings.Address));

    private IEnumerable<SettingError> Collisions(string key)
    {
        var management = ManagementSettings.PortsOf(Management).ToList();
        var before = ListenerSettings.PortsOf(Listener).Concat(management.TakeWhile(use => use.Key != key)).ToList();
        return management.Where(use => use.Key == key).SelectMany(use => use.Collisions(before));
    }
}
