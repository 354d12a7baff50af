using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Tls;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TopicCreated = Cassini.Streams.Events.TopicCreated;

namespace Cassini.Tests.Hosting;

/// <summary>A broker in a generic host, which knows no web.</summary>
public sealed class CassiniServiceCollectionExtensionsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TempDirectory _directory = new();
    private readonly TlsOptions _tls;

    public CassiniServiceCollectionExtensionsTests() => _tls = _authority.Write(_directory.Path);

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Host_PortInUse_StartsAndIsHealthyWhenThePortIsFree()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        using var app = Build(options => options with
        {
            Listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, ((IPEndPoint)other.LocalEndpoint).Port)] },
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        var report = await Checks(app).CheckHealthAsync();
        report.Status.ShouldBe(HealthStatus.Unhealthy);
        report.Entries["cassini"].Description!.ShouldContain("bind BindFailed");
        report.Entries["alive"].Status.ShouldBe(HealthStatus.Healthy);

        other.Stop();
        await Eventually.BecomesAsync(
            "the broker is bound", async () => (await Checks(app).CheckHealthAsync()).Status, status => status == HealthStatus.Healthy);

        await app.StopAsync(TestContext.Current.CancellationToken);
        (await Checks(app).CheckHealthAsync()).Entries["cassini"].Data["phase"].ShouldBe("stopped");
    }

    [Fact]
    public async Task Host_StoppedAndDisposed_LetsThePortGo()
    {
        IPEndPoint endpoint;
        using (var app = Build(options => options))
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            endpoint = IPEndPoint.Parse(app.Services.GetRequiredService<BrokerHost>().Health.Current.Endpoints[0].Address);
        }

        using var again = new TcpListener(endpoint);
        again.Start();
    }

    [Fact]
    public async Task Host_ObserverOfTheHubThrows_LogsItWithItsStack()
    {
        using var loggers = new RecordingLoggers();
        var failure = new InvalidOperationException("boom");
        using var app = Build(options => options, loggers);
        var hub = app.Services.GetRequiredService<BrokerHost>().Hub;
        using var bad = hub.Observe("bad").Subscribe(_ => throw failure, _ => { });

        hub.Publish(new TopicCreated("t"));

        await Eventually.HoldsAsync("the failure is logged", () => loggers.Lines.Any(line => line.Exception == failure));
    }

    [Fact]
    public async Task Start_WrongOptions_ThrowsEveryError()
    {
        using var app = Build(options => options with
        {
            Listener = options.Listener with { Backlog = 0 },
            Hub = options.Hub with { LogCapacity = 1 },
        });

        var error = await Should.ThrowAsync<ArgumentException>(() => app.StartAsync());

        error.Message.ShouldContain("Listener:Backlog");
        error.Message.ShouldContain("Hub:LogCapacity");
    }

    [Fact]
    public async Task Start_UnusableCertificate_Throws()
    {
        using var app = Build(options => options with { Tls = _tls with { CaPath = _directory.File("none.pem") } });

        (await Should.ThrowAsync<TlsConfigurationException>(() => app.StartAsync())).Message.ShouldContain("none.pem");
    }

    [Fact]
    public void AddCassini_Twice_IsOneBroker()
    {
        var services = new ServiceCollection();
        services.AddCassini(options => options).AddCassini(options => options);

        services.Count(service => service.ServiceType == typeof(BrokerHost)).ShouldBe(1);
        services.Count(service => service.ServiceType == typeof(IHostedService)).ShouldBe(1);
    }

    private static HealthCheckService Checks(IHost app) => app.Services.GetRequiredService<HealthCheckService>();

    private IHost Build(Func<CassiniOptions, CassiniOptions> change, ILoggerFactory? loggers = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        if (loggers is not null)
        {
            builder.Services.AddSingleton(loggers);
        }

        builder.Services.AddCassini(options => change(options with
        {
            Listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, 0)] },
            Tls = _tls,
            Health = options.Health with { Hold = TimeSpan.Zero },
        }));
        builder.Services.AddHealthChecks().AddCassini().AddCassini("alive", CassiniProbe.Live);
        return builder.Build();
    }
}
