using System.Net;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>What the files under deploy/ ask the program is asked of the running program.</summary>
[StartsExecutable]
public class RunningProgramTests(DeployedCassini cassini) : IClassFixture<DeployedCassini>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>What a kubelet asks, which has no token.</summary>
    public static TheoryData<string> Probes =>
        [KubernetesManifests.Container.LivenessProbe.HttpGet.Path, KubernetesManifests.Container.ReadinessProbe.HttpGet.Path];

    private static string SystemdDocumentation => DeployFiles.Read("systemd", "cassini.service").Split('\n')
        .Single(line => line.StartsWith("Documentation=", StringComparison.Ordinal))["Documentation=".Length..];

    [Theory]
    [MemberData(nameof(Probes))]
    public async Task Probe_WithoutAToken_Answers(string path)
    {
        using var response = await cassini.GetAsync(path, withToken: false);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Metrics_WhatTheServiceMonitorAsks_WantTheToken()
    {
        var path = DeployFiles.At<string>(DeployFiles.Yaml("kubernetes", "servicemonitor.yaml"), "spec", "endpoints", "0", "path");
        using var stranger = await cassini.GetAsync(path, withToken: false);
        using var response = await cassini.GetAsync(path, withToken: true);

        stranger.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Documentation_OfTheUnit_IsThere()
    {
        using var response = await cassini.GetAsync(new Uri(SystemdDocumentation).AbsolutePath, withToken: false);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task HealthCheck_OfCompose_SaysHealthy() =>
        (await RunAsync(ContainerFiles.ComposeHealthCheck, cassini.Directory, cassini.Url, cassini.TokenFile)).ShouldBe(0);

    [Fact]
    public async Task HealthCheck_OfTheImage_SaysHealthyWhileManagementIsOnLoopback()
    {
        using var directory = new TempDirectory();
        await using var open = CassiniProcess.Start(directory.Path, ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"]);

        (await RunAsync(ContainerFiles.HealthCheck, directory.Path, await open.ManagementAsync(), "")).ShouldBe(0);
    }

    [Fact]
    public async Task HealthCheck_NothingListens_IsUnhealthy() =>
        (await RunAsync(ContainerFiles.HealthCheck, cassini.Directory, $"http://127.0.0.1:{FreePort.Find()}", "", timeout: "1s"))
            .ShouldNotBe(0);

    /// <summary>
    /// The command of the file, except what differs here: address, token file, and the patience of a busy machine.
    /// </summary>
    private static async Task<int> RunAsync(
        IEnumerable<string> command, string directory, string url, string tokenFile, string timeout = "60s")
    {
        var words = command.Skip(1).Select(word =>
            word.StartsWith("http://127.0.0.1:", StringComparison.Ordinal) ? url
            : word.StartsWith("/run/secrets/", StringComparison.Ordinal) ? tokenFile
            : word == "3s" ? timeout : word);
        await using var child = CassiniProcess.Start(directory, [.. words]);
        return await child.ExitCodeAsync("it ends by itself", Patience);
    }
}
