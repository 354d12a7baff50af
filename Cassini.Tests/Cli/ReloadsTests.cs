using System.Net;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Settings.Reading;
using Cassini.Tests.Support;
using Cassini.Tests.Systemd;
using Cassini.Tests.Tls;
using Cassini.Web.Cli.Serving;
using Cassini.Web.Cli.Settings;
using Cassini.Web.Systemd;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cli;

public sealed class ReloadsTests : IDisposable
{
    private const int Unreachable = 2000;
    private const int ReloadFailed = 2022;
    private readonly TestAuthority _authority = new();
    private readonly TempDirectory _directory = new();
    private readonly RecordingLoggers _loggers = new();
    private readonly TestConsole _console = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
        _loggers.Dispose();
        _console.Dispose();
    }

    [Fact]
    public async Task Hangup_ReloadFails_IsLoggedAndTheNextOneReloads()
    {
        var name = _directory.File("notify");
        var failure = new InvalidOperationException("boom");
        _loggers.Logged = line => _ = line.Id == Unreachable ? throw failure : 0;
        await using var host = new BrokerHost(
            new CassiniOptions
            {
                Listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, 0)] },
                Tls = _authority.Write(_directory.Path),
            },
            TimeProvider.System,
            _loggers);
        var hangups = new HangupRequests();
        await using var manager = ServiceManager.Attach(
            new Dictionary<string, string> { [NotifySettings.SocketVariable] = name },
            host, TimeSpan.FromMinutes(1), TimeProvider.System, _loggers);
        var started = new ServeSettings { Options = host.Options, Process = new ProcessOptions(), Warnings = [] };
        var source = new SettingsSource(_console.Context, null, new SettingsLayer([], UnknownIsError: true));
        var settings = new SettingsInForce(
            started, source, host, new LogFilters(LogLevel.Information, new Dictionary<string, LogLevel>()), _loggers);
        await using var reloads = new Reloads(hangups, settings, host, manager, TimeProvider.System, _loggers);
        await using (var receiver = new NotifyReceiver(name))
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            await receiver.MessageAsync("ready", "READY=1");
        }

        hangups.Add();
        await Eventually.HoldsAsync("it is logged", () => _loggers.Lines.Any(line => line.Id == ReloadFailed && line.Exception == failure));

        File.Delete(name);
        await using var again = new NotifyReceiver(name);
        hangups.Add();
        await again.MessageAsync("reloading", "RELOADING=1");
        await again.MessageAsync("reloaded", "READY=1");
    }
}
