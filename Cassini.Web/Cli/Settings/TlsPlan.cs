using System.Net;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// Which certificates serve: the configured ones, or, on a machine that only talks to itself, those made for development.
/// </summary>
/// <param name="Options">The options with the files named.</param>
/// <param name="DevelopmentDirectory">Where development certificates belong; null when others are configured.</param>
/// <param name="Errors">Why neither kind can be used.</param>
internal sealed record TlsPlan(CassiniOptions Options, string? DevelopmentDirectory, IReadOnlyList<SettingError> Errors)
{
    private const string DirectoryName = "dev-certs";

    public static TlsPlan Of(CassiniOptions options, string? dataDirectory, IReadOnlyDictionary<string, string> environment)
    {
        (string Key, string Variable, string Flag, string? Path)[] needed =
        [
            (SettingKeys.Ca, SettingsEnvironment.Ca, "--ca", options.Tls?.CaPath),
            (SettingKeys.ServerChain, SettingsEnvironment.ServerChain, "--cert", options.Tls?.ServerChainPath),
            (SettingKeys.ServerKey, SettingsEnvironment.ServerKey, "--key", options.Tls?.ServerKeyPath),
        ];
        var missing = needed.Where(file => string.IsNullOrEmpty(file.Path)).ToList();
        if (missing.Count == 0)
        {
            return new TlsPlan(options, null, []);
        }

        if (missing.Count < needed.Length || !string.IsNullOrEmpty(options.Tls?.CrlPath))
        {
            return Refused(missing.Select(file =>
                new SettingError(file.Key, $"is missing, and TLS is only partly configured: give {file.Flag} or {file.Variable} too")));
        }

        var exposed = options.Listener.Endpoints.Concat(options.Listener.WebSocketEndpoints)
            .Where(endpoint => !IPAddress.IsLoopback(endpoint.Address)).ToList();
        if (exposed.Count > 0)
        {
            return Refused([new SettingError(
                SettingKeys.Ca,
                "no certificates are configured, and development certificates are for loopback addresses only, which "
                + $"{string.Join(", ", exposed)} {(exposed.Count == 1 ? "is" : "are")} not: give --ca, --cert and --key")]);
        }

        return DirectoryFor(dataDirectory, environment) is { } directory
            ? new TlsPlan(Development(options, directory), directory, [])
            : Refused([new SettingError(
                SettingKeys.DataDirectory,
                "there is no home directory to keep development certificates in: give --data-dir or CASSINI_DATA_DIR")]);

        // Without the half of it, so that the validator does not report it again.
        TlsPlan Refused(IEnumerable<SettingError> errors) => new(options with { Tls = null }, null, [.. errors]);
    }

    /// <summary>
    /// Where <c>cassini serve</c>, configured by the environment alone, keeps development certificates; null when there is no home.
    /// </summary>
    public static string? DefaultDirectory(IReadOnlyDictionary<string, string> environment) =>
        DirectoryFor(environment.GetValueOrDefault(SettingsEnvironment.DataDirectory), environment);

    private static string? DirectoryFor(string? dataDirectory, IReadOnlyDictionary<string, string> environment) =>
        DataDirectory.Of(dataDirectory, environment) is { } data ? Path.Combine(data, DirectoryName) : null;

    private static CassiniOptions Development(CassiniOptions options, string directory)
    {
        var tls = options.Tls ?? new TlsOptions { CaPath = "", ServerChainPath = "", ServerKeyPath = "" };
        var canary = options.Probing.CanaryCertificatePath is null && options.Probing.CanaryKeyPath is null;
        return options with
        {
            Tls = tls with
            {
                CaPath = Path.Combine(directory, DevelopmentCertificates.CaFile),
                ServerChainPath = Path.Combine(directory, DevelopmentCertificates.ServerFile),
                ServerKeyPath = Path.Combine(directory, DevelopmentCertificates.ServerKeyFile),
            },
            Probing = canary
                ? options.Probing with
                {
                    CanaryCertificatePath = Path.Combine(directory, $"{DevelopmentCertificates.CanaryName}.pem"),
                    CanaryKeyPath = Path.Combine(directory, $"{DevelopmentCertificates.CanaryName}.key"),
                }
                : options.Probing,
        };
    }
}
