using Cassini.Streams.Tls;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>
/// The real program with the settings of the Kubernetes manifests, but for what only a cluster has: paths of mounted secrets are
/// files of a development CA, and addresses are free ports of this machine. It is ready.
/// </summary>
public sealed class DeployedCassini : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private ChildProcess? _cassini;

    internal string Url { get; private set; } = "";

    internal string Directory => _directory.Path;

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
        _cassini = CassiniProcess.Start(_directory.Path, ["serve", "--config", _directory.Write("deployed.json", settings)]);
        Url = await _cassini.ManagementAsync();

        using var http = new HttpClient();
        (await http.GetAsync($"{Url}/readyz?wait=1m", TestContext.Current.CancellationToken)).IsSuccessStatusCode.ShouldBeTrue(_cassini.Error.ToString());
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
