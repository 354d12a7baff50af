using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace Cassini.Bench;

/// <summary>A server in a process of its own: Cassini, or the bare peer. Stopped, by id, with the bench.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly string? _directory;
    private readonly bool _ownsDirectory;

    private Child(Process process, int brokerPort, int port, string? directory, bool ownsDirectory)
    {
        _process = process;
        BrokerPort = brokerPort;
        Base = new Uri($"http://127.0.0.1:{port}");
        Port = port;
        _directory = directory;
        _ownsDirectory = ownsDirectory;
    }

    public Uri Base { get; }

    public int Port { get; }

    public int BrokerPort { get; }

    public string Certificates => Path.Combine(_directory!, "dev-certs");

    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    public double ResidentKiB
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1024.0;
        }
    }

    /// <summary>Cassini with settings, in a data directory of its own.</summary>
    public static Child Cassini(params string[] settings) =>
        Cassini(Directory.CreateTempSubdirectory("cassini-bench-").FullName, true, settings);

    /// <summary>Cassini with settings, in a data directory that outlives it.</summary>
    public static Child CassiniIn(string directory, params string[] settings) => Cassini(directory, false, settings);

    private static Child Cassini(string directory, bool ownsDirectory, string[] settings)
    {
        var (broker, management) = (FreePort(), FreePort());
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "cassini.dll"), "serve",
            "--bind", $"127.0.0.1:{broker}", "--management", $"127.0.0.1:{management}",
            "--data-dir", directory, "--log-level", "Critical",
            .. settings.SelectMany(setting => setting.StartsWith('-') ? new[] { setting } : ["--set", setting]),
        ];
        return new Child(Start("dotnet", arguments), broker, management, directory, ownsDirectory);
    }

    public static Child Bare(byte[] body)
    {
        var port = FreePort();
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Cassini.Bench.dll"), "bare",
            port.ToString(CultureInfo.InvariantCulture), Convert.ToBase64String(body),
        ];
        return new Child(Start("dotnet", arguments), 0, port, null, false);
    }

    public async Task<double> UntilReadyAsync(HttpClient client)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri(Base, "/readyz?wait=10s"));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (_process.HasExited)
            {
                throw new InvalidOperationException($"the server ended with {_process.ExitCode}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }

    public async Task PostAsync(HttpClient client, string path)
    {
        using var answer = await client.PostAsJsonAsync(new Uri(Base, path), new { });
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        if (_ownsDirectory)
        {
            Directory.Delete(_directory!, recursive: true);
        }
    }

    private static Process Start(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardOutput = true,
    }) ?? throw new InvalidOperationException($"{program} does not start");

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
