using Cassini.Tests.Cli;

namespace Cassini.Tests.Deploy;

/// <summary>What the files under deploy/ ask the program is asked of the running program.</summary>
public class RunningProgramTests(DeployedCassini cassini) : IClassFixture<DeployedCassini>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static TheoryData<string> Paths =>
    [
        KubernetesManifests.Container.StartupProbe.HttpGet.Path,
        KubernetesManifests.Container.ReadinessProbe.HttpGet.Path,
        DeployFiles.At<string>(DeployFiles.Yaml("kubernetes", "servicemonitor.yaml"), "spec", "endpoints", "0", "path"),
        new Uri(SystemdDocumentation).AbsolutePath,
    ];

    private static string SystemdDocumentation => DeployFiles.Read("systemd", "cassini.service").Split('\n')
        .Single(line => line.StartsWith("Documentation=", StringComparison.Ordinal))["Documentation=".Length..];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Path_OfTheRunningProgram_Answers(string path)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(cassini.Url + path, TestContext.Current.CancellationToken);

        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {response.StatusCode}");
    }

    [Fact]
    public async Task HealthCheck_OfTheImage_SaysHealthy() => (await RunAsync(ContainerFiles.HealthCheck)).ShouldBe((0, ""));

    [Fact]
    public async Task HealthCheck_OfCompose_SaysHealthy() => (await RunAsync(ContainerFiles.ComposeHealthCheck)).ShouldBe((0, ""));

    [Fact]
    public async Task HealthCheck_NobodyThere_SaysUnhealthy()
    {
        var command = ContainerFiles.HealthCheck.Skip(1).Select(word => word.StartsWith("http", StringComparison.Ordinal) ? $"http://127.0.0.1:{FreePort.Find()}" : word);
        await using var child = CassiniProcess.Start(cassini.Directory, [.. command.SkipLast(1), "1s"]);

        (await child.ExitCodeAsync("it ends by itself", Patience)).ShouldNotBe(0);
    }

    /// <summary>The command as it stands there, but for what differs here: address, token file, and the patience of a busy machine.</summary>
    private async Task<(int Code, string Error)> RunAsync(IEnumerable<string> command)
    {
        var token = Path.Combine(cassini.Directory, "token");
        await File.WriteAllTextAsync(token, "secret", TestContext.Current.CancellationToken);
        var words = command.Skip(1).Select(word =>
            word.StartsWith("http://127.0.0.1:", StringComparison.Ordinal) ? cassini.Url
            : word.StartsWith("/run/secrets/", StringComparison.Ordinal) ? token
            : word == "3s" ? "60s" : word);
        await using var child = CassiniProcess.Start(cassini.Directory, [.. words]);
        return (await child.ExitCodeAsync("it ends by itself", Patience), child.Error.ToString());
    }
}
