using Cassini.Tests.Cli;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Cluster;

/// <summary>
/// Real NATS servers on 127.0.0.1, one or a cluster, with JetStream. Each keeps its ports and its data over a restart. A machine without
/// the program skips the test.
/// </summary>
internal sealed class NatsServers : IAsyncDisposable
{
    private const string Ready = "Server is ready";
    private const string Fatal = "[FTL]";

    // A port that was free a moment ago may be taken.
    private const int Attempts = 3;

    private const int Hangup = 1;
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly string _program = Programs.Require("nats-server");
    private readonly TempDirectory _directory = new();
    private readonly ChildProcess?[] _processes;
    private readonly int[] _ports;
    private readonly int[] _routes;
    private string _more;
    private readonly string _scheme;

    private NatsServers(int count, TestAuthority? authority, string more)
    {
        _processes = new ChildProcess?[count];
        _ports = [.. Enumerable.Range(0, count).Select(_ => FreePort.Find())];
        _routes = [.. Enumerable.Range(0, count).Select(_ => FreePort.Find())];
        _scheme = authority is null ? "nats" : "tls";
        _more = more;
        if (authority is not null)
        {
            var files = authority.Write(_directory.Path);
            _more += $$"""

                tls {
                  cert_file: "{{files.ServerChainPath}}"
                  key_file: "{{files.ServerKeyPath}}"
                  ca_file: "{{files.CaPath}}"
                  verify: true
                }
                """;
        }
    }

    /// <summary>The addresses of all servers, for <c>Cluster:Servers</c>.</summary>
    public string[] Addresses => [.. _ports.Select(port => $"{_scheme}://127.0.0.1:{port}")];

    /// <summary>Starts servers and waits until each is ready.</summary>
    /// <param name="count">How many; more than one are a cluster.</param>
    /// <param name="authority">With it clients must have a certificate of it, as the servers have.</param>
    /// <param name="more">More lines for the configuration of each.</param>
    public static async Task<NatsServers> StartAsync(int count = 1, TestAuthority? authority = null, string more = "")
    {
        for (var attempt = 1; ; attempt++)
        {
            var servers = Prepare(count, authority, more);
            try
            {
                for (var index = 0; index < count; index++)
                {
                    await servers.StartAsync(index);
                }

                return servers;
            }
            catch (Exception)
            {
                await servers.DisposeAsync();
                if (attempt == Attempts)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Servers that are not started yet.</summary>
    public static NatsServers Prepare(int count = 1, TestAuthority? authority = null, string more = "") => new(count, authority, more);

    /// <summary>Starts one that is not started, or was ended, and waits until it is ready.</summary>
    public async Task StartAsync(int index)
    {
        _processes[index].ShouldBeNull();
        var path = _directory.Write($"server{index}.conf", ConfigurationOf(index));
        var process = _processes[index] = ChildProcess.Start(_program, ["-c", path], _directory.Path);
        var line = await process.Error.LineAsync($"NATS server {index} is ready", line => line.Contains(Ready) || line.Contains(Fatal));
        line.ShouldContain(Ready);
    }

    /// <summary>Kills one as a crash would: its connections are reset, and its data stays.</summary>
    public async Task KillAsync(int index)
    {
        await _processes[index].ShouldNotBeNull().DisposeAsync();
        _processes[index] = null;
    }

    /// <summary>Ends one in order.</summary>
    public async Task StopAsync(int index)
    {
        var process = _processes[index].ShouldNotBeNull();
        process.Signal(ChildProcess.Terminate);
        await process.ExitCodeAsync($"NATS server {index} ends");
        await process.DisposeAsync();
        _processes[index] = null;
    }

    /// <summary>Gives one other lines in its configuration, and has it read them: <c>nats-server --signal reload</c>.</summary>
    public void Reload(int index, string more)
    {
        _more = more;
        _directory.Write($"server{index}.conf", ConfigurationOf(index));
        _processes[index].ShouldNotBeNull().Signal(Hangup);
    }

    /// <summary>Stops one as a machine that hangs does: its connections stay open. Ends when each of its threads stands still.</summary>
    public async Task PauseAsync(int index)
    {
        var process = _processes[index].ShouldNotBeNull();
        process.Signal(Stop);
        await Eventually.HoldsAsync(
            $"NATS server {index} stands still",
            () => Directory.EnumerateDirectories($"/proc/{process.Id}/task")
                .All(thread => File.ReadAllText($"{thread}/stat").Contains(") T ", StringComparison.Ordinal)));
    }

    /// <summary>Lets a paused one go on.</summary>
    public void Resume(int index) => _processes[index].ShouldNotBeNull().Signal(Continue);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _directory.Dispose();
    }

    private string ConfigurationOf(int index)
    {
        var cluster = _processes.Length == 1
            ? ""
            : $$"""
                cluster {
                  name: test
                  listen: "127.0.0.1:{{_routes[index]}}"
                  routes: [{{string.Join(", ", _routes.Select(port => $"\"nats://127.0.0.1:{port}\""))}}]
                }
                """;
        return $$"""
            listen: "127.0.0.1:{{_ports[index]}}"
            server_name: "n{{index}}"
            jetstream { store_dir: "{{_directory.File($"data{index}")}}" }
            {{cluster}}
            {{_more}}
            """;
    }
}
