using System.Text.RegularExpressions;
using Cassini.Harness.Clients;
using Cassini.Management.Telemetry;
using Cassini.Streams.Settings.Reading;

namespace Cassini.Web.Cli.Settings;

/// <summary>The settings of the environment. An empty variable is one that is not set, as shells' <c>${NAME:-}</c> leave it.</summary>
internal static partial class SettingsEnvironment
{
    public const string Prefix = "CASSINI_";

    /// <summary>A double underscore stands for the colon: CASSINI__Listener__Backlog.</summary>
    public const string TreePrefix = "CASSINI__";

    public const string DataDirectory = "CASSINI_DATA_DIR";
    public const string Ca = "TLS_CA_CERT";
    public const string ServerChain = "TLS_SERVER_CERT_CHAIN";
    public const string ServerKey = "TLS_SERVER_KEY";

    internal static readonly IReadOnlyDictionary<string, string> Named = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["CASSINI_BIND_ADDR"] = SettingKeys.Endpoints,
        ["CASSINI_BIND_WS_ADDR"] = SettingKeys.WebSocketEndpoints,
        ["CASSINI_MANAGEMENT_ADDR"] = SettingKeys.ManagementAddress,
        [ManagementAccess.TokenVariable] = SettingKeys.ManagementTokenPath,
        ["CASSINI_SHUTDOWN_TOKEN"] = SettingKeys.ShutdownToken,
        [DataDirectory] = SettingKeys.DataDirectory,
        [Ca] = SettingKeys.Ca,
        [ServerChain] = SettingKeys.ServerChain,
        [ServerKey] = SettingKeys.ServerKey,
        ["TLS_CRL"] = SettingKeys.Crl,
        [OtlpExport.EndpointVariable] = SettingKeys.OtlpEndpoint,
        [OtlpExport.ServiceNameVariable] = SettingKeys.ServiceName,
    };

    public static SettingsLayer Read(IReadOnlyDictionary<string, string> environment, List<string> warnings)
    {
        // The short names are stronger than their own keys in the tree.
        var tree = new List<Setting>();
        var named = new List<Setting>();
        var links = new List<string>();
        var set = environment.Where(variable => variable.Value.Length > 0);
        foreach (var (name, value) in set.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            if (Named.TryGetValue(name, out var key))
            {
                named.Add(new Setting(key, value, name));
            }
            else if (ServiceLink().IsMatch(name))
            {
                links.Add(name);
            }
            else if (name.StartsWith(TreePrefix, StringComparison.Ordinal))
            {
                tree.Add(new Setting(name[TreePrefix.Length..].Replace("__", ":", StringComparison.Ordinal), value, name));
            }
            else if (name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                warnings.Add($"{name}: there is no such setting (environment): ignored");
            }
        }

        if (links is [var first, ..])
        {
            warnings.Add(
                (links.Count == 1
                    ? $"{first} is a variable that Kubernetes makes for a service, and no setting"
                    : $"{first} and {links.Count - 1} more are variables that Kubernetes makes for services, and no settings")
                + ": ignored; enableServiceLinks: false in the pod prevents them");
        }

        return new SettingsLayer([.. tree, .. named], UnknownIsError: false);
    }

    /// <summary>
    /// What Kubernetes sets for a service whose name begins with cassini: CASSINI_PORT=tcp://10.0.0.1:8883, CASSINI_SERVICE_HOST and more.
    /// </summary>
    [GeneratedRegex(@"^CASSINI_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$")]
    private static partial Regex ServiceLink();
}
