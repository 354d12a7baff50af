using System.Net.Http.Headers;
using Cassini.Streams.Tls.Development;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>
/// The real program with the settings of the Kubernetes manifests, but for what only a cluster has: paths of mounted secrets are
/// files of a development CA, and addresses are free ports of this machine. Off loopback management asks for credentials; so it does
/// here. It is ready.
/// </summary>
public sealed class DeployedCassini : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private ChildProcess? _cassini;

    internal string Url { get; private set; } = "";

    internal string Directory => _directory.Path;

    internal string TokenFile => _directory.File("management-token");

    public async ValueTask InitializeAsync()
    {
        DevelopmentCertificates.Ensure(_directory.Path, TimeProvider.System, []);
        var settings = KubernetesManifests.Settings
            .Replace("/etc/cassini/tls/ca.crt", _directory.File("ca.pem"), StringComparison.Ordinal)
            .Replace("/etc/cassini/tls/tls.crt", _directory.File("server.pem"), StringComparison.Ordinal)
            .Replace("/etc/cassini/tls/tls.key", _directory.File("server.key"), StringComparison.Ordinal)
            .Replace("/etc/cassini/canary/tls.crt", _directory.File("canary.pem"), StringComparison.Ordinal)
            .Replace("/etc/cassini/canary/tls.key", _directory.File("canary.key"), StringComparison.Ordinal)
            .Replace($"0.0.0.0:{Defaults.MqttPort}", "127.0.0.1:0", StringComparison.Ordinal)
            .Replace($"0.0.0.0:{Defaults.ManagementPort}", "127.0.0.1:0", StringComparison.Ordinal);
        settings.ShouldNotContain("/etc/");
        settings.ShouldNotContain("0.0.0.0");
        _directory.Write("management-token", "e6f0c2d4b8a7415c9b3d2e1f0a9c8b7d");
        _cassini = CassiniProcess.Start(
            _directory.Path,
            ["serve", "--config", _directory.Write("deployed.json", settings), "--set", "Management:RequireCredentials=true"],
            ("CASSINI_MANAGEMENT_TOKEN_FILE", TokenFile));
        Url = (await _cassini.StartedAsync()).Management;

        using var response = await GetAsync("/readyz?wait=1m", withToken: false);
        response.IsSuccessStatusCode.ShouldBeTrue(_cassini.Error.ToString());
    }

    internal async Task<HttpResponseMessage> GetAsync(string path, bool withToken)
    {
        using var http = new HttpClient();
        if (withToken)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await File.ReadAllTextAsync(TokenFile));
        }

        return await http.GetAsync(Url + path, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cassini is not null)
        {
            await _cassini.DisposeAsync();
        }

        _directory.Dispose();
    }
}
