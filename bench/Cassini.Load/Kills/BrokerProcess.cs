using System.Diagnostics;

namespace Cassini.Load.Kills;

/// <summary>A broker as a child process.</summary>
internal sealed class BrokerProcess : IBrokerToKill
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly Process _process;

    private BrokerProcess(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts it, and returns when it has accepted an MQTT connection.</summary>
    /// <exception cref="LoadException">It does not come up.</exception>
    public static async Task<IBrokerToKill> StartAsync(IReadOnlyList<string> command, LoadOptions options, ClientTls tls)
    {
        var process = Process.Start(command[0], command.Skip(1)) ?? throw new LoadException($"{command[0]} does not start");
        var broker = new BrokerProcess(process, options.Port);
        for (var start = Measure.Now; ; await Task.Delay(Pause, TimeProvider.System))
        {
            try
            {
                MqttConnection.Forget(options, tls, "looking");
                return broker;
            }
            catch (LoadException failure) when (Measure.Since(start) > Deadline || process.HasExited)
            {
                await broker.DisposeAsync();
                throw new LoadException($"{command[0]} does not come up: {failure.Message}");
            }
            catch (LoadException)
            {
                // Not yet.
            }
        }
    }

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
