using System.Net;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;

namespace Cassini.Management.Http;

/// <summary>The section <c>Management</c>, and the rules between its settings.</summary>
internal static class ManagementSettings
{
    public const string Address = "Management:Address";
    public const string GrpcAddress = "Management:GrpcAddress";
    public const string Name = "Management:Name";
    public const string ClientIdentity = "Management:ClientIdentity";
    public const string TokenPath = "Management:TokenPath";
    public const string ShutdownTokenPath = "Management:ShutdownTokenPath";
    private const int LongestName = 64;
    private const string AllowedHosts = "Management:AllowedHosts";

    public static SettingsSection<ManagementOptions> Section { get; } = new(
        "Management",
        new ManagementOptions(),
        SettingRule<ManagementOptions>.Finding(Address, "", management => Unreadable(Address, management.Address)),
        SettingRule<ManagementOptions>.Finding(
            GrpcAddress, "", management => management.GrpcAddress is { } text ? Unreadable(GrpcAddress, text) : []),
        SettingRule<ManagementOptions>.That(
            Name, $"1 to {LongestName} visible characters", management => management.Name is not { } name || IsName(name),
            management => SafeText.Quote(management.Name)),
        SettingRule<ManagementOptions>.That(
            ClientIdentity, $"1 to {LongestName} visible characters", management => IsName(management.ClientIdentity),
            management => SafeText.Quote(management.ClientIdentity)),
        SettingRule<ManagementOptions>.That(
            "Management:EnableFaults", "rehearsals are for an open loopback address only", MayRehearse,
            management => management.EnableFaults, Address),
        SettingRule<ManagementOptions>.That(
            "Management:Identities",
            "no empty name",
            management => management.Identities.IsDefault || management.Identities.All(name => name.Trim().Length > 0),
            _ => "an empty name"),
        SettingRule<ManagementOptions>.Finding(AllowedHosts, "without scheme or port", NoHosts),
        SettingRule<ManagementOptions>.NotEmpty(
            TokenPath, "path", "name a file", management => management.TokenPath),
        SettingRule<ManagementOptions>.NotEmpty(
            ShutdownTokenPath, "path", "name a file", management => management.ShutdownTokenPath),
        SettingRule<ManagementOptions>.NotEmpty(
            "Management:ShutdownToken", "text", "it is a secret of at least one character", management => management.ShutdownToken));

    /// <summary>What the broker is called: its setting, or the name of the host.</summary>
    public static string NameOf(ManagementOptions management) => management.Name ?? SafeText.Of(Environment.MachineName, LongestName);

    /// <summary>
    /// The addresses of management over HTTP and of the gRPC health protocol, if they can be parsed. Kestrel serves both.
    /// </summary>
    public static IEnumerable<PortUse> PortsOf(ManagementOptions management)
    {
        if (EndpointAddress.TryParse(management.Address, out var address, out _))
        {
            yield return new PortUse(Address, address);
        }

        if (management.GrpcAddress is { } text && EndpointAddress.TryParse(text, out var grpc, out _))
        {
            yield return new PortUse(GrpcAddress, grpc);
        }
    }

    private static SettingError[] Unreadable(string key, string text) =>
        EndpointAddress.TryParse(text, out _, out var error) ? [] : [SettingError.NotAllowed(key, $"'{text}'", error)];

    private static bool IsName(string name) =>
        name.Length <= LongestName && name.AsSpan().Trim().Length > 0 && name == SafeText.Visible(name);

    private static bool MayRehearse(ManagementOptions management) =>
        !management.EnableFaults
        || (EndpointAddress.TryParse(management.Address, out var address, out _)
            && IPAddress.IsLoopback(address.Address)
            && management.RequireCredentials is not true);

    private static IEnumerable<SettingError> NoHosts(ManagementOptions management) =>
        (management.AllowedHosts.IsDefault ? [] : management.AllowedHosts)
            .Where(host => Uri.CheckHostName(host) == UriHostNameType.Unknown)
            .Select(host => SettingError.NotAllowed(
                AllowedHosts, $"an entry of {host.Length} characters", "each is a host name or address, without scheme or port"));
}
