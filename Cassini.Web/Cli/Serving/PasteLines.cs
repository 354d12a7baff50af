using System.Net;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Tls.Development;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Serving;

/// <summary>Lines of the start-up text that work when they are pasted into a shell, from any directory.</summary>
internal sealed class PasteLines
{
    private const string DefaultBroker = "127.0.0.1:8883";
    private const string DefaultManagement = "http://127.0.0.1:9090";

    private readonly ServeSettings _settings;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string? _home;
    private readonly string _broker;
    private readonly string _url;
    private readonly string _program;
    private readonly (string Ca, string Certificate, string Key) _files;

    /// <param name="settings">The settings in force.</param>
    /// <param name="environment">The variables of the process.</param>
    /// <param name="health">The health, for the endpoint to connect to.</param>
    /// <param name="url">Where management answers.</param>
    public PasteLines(ServeSettings settings, IReadOnlyDictionary<string, string> environment, HealthSnapshot health, string url)
    {
        _settings = settings;
        _environment = environment;
        _home = environment.GetValueOrDefault("HOME");
        _url = url;
        _program = Shell.Program(
            Environment.ProcessPath, Path.Combine(AppContext.BaseDirectory, "cassini.dll"), environment.GetValueOrDefault("PATH"));
        var endpoint = health.Endpoints.FirstOrDefault(endpoint => endpoint.State == EndpointState.Bound) ?? health.Endpoints[0];
        _broker = Reachable(endpoint.Address);

        // Of the configured certificates we know no client's.
        _files = settings.DevelopmentCertificates is { } directory
            ? (FileIn(DevelopmentCertificates.CaFile), FileIn($"{DevelopmentCertificates.ClientName}.pem"),
                FileIn($"{DevelopmentCertificates.ClientName}.key"))
            : (Shell.File(Path.GetFullPath(settings.Options.Tls!.CaPath), _home), "CLIENT.pem", "CLIENT.key");
        string FileIn(string name) => Shell.File(Path.Combine(directory!, name), _home);
    }

    /// <summary>Cassini's own clients.</summary>
    public IEnumerable<string> Own => [Client("sub 'greetings/#'"), Client("pub greetings/world hello")];

    /// <summary>The clients that most people have.</summary>
    public IEnumerable<string> Mosquitto =>
        [$"{MosquittoClient("sub")} -t 'greetings/#' -v", $"{MosquittoClient("pub")} -t greetings/world -m hello"];

    /// <summary>How to ask for health, and for the TLS connection itself.</summary>
    public IEnumerable<string> Health =>
    [
        .. AnswersOnlyProbes ? Array.Empty<string>() : [Watch],
        $"{Curl} -s {_url}/healthz",
        $"{Curl} '{_url}/readyz?wait=30s'",
        .. AnswersOnlyProbes ? Array.Empty<string>() : [$"{Curl} -N {_url}/events"],
        $"openssl s_client -connect {_broker} -CAfile {_files.Ca} -cert {_files.Certificate} -key {_files.Key} -quiet",
    ];

    /// <summary>Whether callers need credentials and none are configured, so that only the probes answer, with one word.</summary>
    public bool AnswersOnlyProbes => NeedsCredentials && _settings.Process.Management is { TokenPath: null, Https: false };

    // It depends on the address that management binds, which is not always the one to connect to.
    private bool NeedsCredentials => _settings.Process.Management is { RequireCredentials: true }
        || !(EndpointAddress.TryParse(_settings.Process.Management.Address, out var address, out _)
            && IPAddress.IsLoopback(address.Address));

    private bool NeedsToken => NeedsCredentials && _settings.Process.Management.TokenPath is not null;

    private string ClientCertificate => NeedsCredentials && _settings.Process.Management is { TokenPath: null, Https: true }
        ? $" --cert {_files.Certificate} --key {_files.Key}"
        : "";

    // Which CA a management certificate of its own comes from, we do not know.
    private string? ManagementCa => !_settings.Process.Management.Https ? null
        : _settings.Options.Tls is { ManagementChainPath: null } ? _files.Ca
        : "CA.pem";

    private string Watch => $"{_program} watch{(_url == DefaultManagement ? "" : $" {_url}")}"
        + (NeedsToken ? $" --token-file {TokenFile}" : "") + ClientCertificate + (ManagementCa is { } ca ? $" --ca {ca}" : "");

    private string Curl => $"curl{(ManagementCa is { } ca ? $" --cacert {ca}" : "")}{ClientCertificate}"
        + (NeedsToken ? $" -H \"Authorization: Bearer $(grep -vm1 '^#' {TokenFile})\"" : "");

    private string TokenFile => Shell.File(Path.GetFullPath(_settings.Process.Management.TokenPath!), _home);

    /// <summary>A client cannot connect to "all addresses of the machine": it connects to loopback instead.</summary>
    public static string Reachable(string address) => IPEndPoint.TryParse(address, out var endpoint)
        ? endpoint.Address switch
        {
            var any when any.Equals(IPAddress.Any) => new IPEndPoint(IPAddress.Loopback, endpoint.Port).ToString(),
            var any when any.Equals(IPAddress.IPv6Any) => new IPEndPoint(IPAddress.IPv6Loopback, endpoint.Port).ToString(),
            _ => address,
        }
        : address;

    /// <summary>
    /// It finds the development certificates in their usual place by itself, and elsewhere when it is told the data directory.
    /// </summary>
    private string Client(string words)
    {
        var broker = _broker == DefaultBroker ? "" : $" --broker {_broker}";
        if (_settings.DevelopmentCertificates is not { } directory)
        {
            return $"{_program} {words}{broker} --ca {_files.Ca} --cert {_files.Certificate} --key {_files.Key}";
        }

        var usual = TlsPlan.DefaultDirectory(
            _environment.Where(variable => variable.Key == "HOME").ToDictionary(StringComparer.Ordinal));
        var data = directory == usual ? "" : $"CASSINI_DATA_DIR={Shell.File(Path.GetDirectoryName(directory)!, _home)} ";
        return $"{data}{_program} {words}{broker}";
    }

    private string MosquittoClient(string kind)
    {
        var address = IPEndPoint.Parse(_broker);

        // The development certificate is for localhost and the two usual addresses of it.
        var host = address.Address.Equals(IPAddress.Loopback) || address.Address.Equals(IPAddress.IPv6Loopback)
            ? "localhost"
            : address.Address.ToString();
        return $"mosquitto_{kind} -h {host} -p {address.Port} --cafile {_files.Ca} --cert {_files.Certificate} --key {_files.Key}";
    }
}
