using System.Net;
using System.Text;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
using Cassini.Tests.Cli;
using Cassini.Tests.Docs;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Cassini.Web.Cli.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Cassini.Tests.Hosting;

/// <summary>A broker whose options are a section of the application's configuration.</summary>
public sealed class ConfiguredOptionsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TempDirectory _directory = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Host_SettingsInASection_ServesWithThem()
    {
        using var app = Build(builder => builder.Services.AddCassini(builder.Configuration.GetSection("Cassini")), Settings("Cassini:"));

        await app.StartAsync(TestContext.Current.CancellationToken);

        var options = app.Services.GetRequiredService<BrokerHost>().Options;
        options.Listener.Endpoints.ShouldHaveSingleItem().Address.ShouldBe(IPAddress.Loopback);
        options.Health.Hold.ShouldBe(TimeSpan.Zero);
        options.Broker.MaxQueuedMessages.ShouldBe(77);
        app.Services.GetRequiredService<IOptions<CassiniOptions>>().Value.Broker.ShouldBe(options.Broker);
        await Eventually.BecomesAsync(
            "it is healthy",
            async () => (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status,
            status => status == HealthStatus.Healthy);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Read_CodeToo_ComesAfterTheConfiguration() =>
        Read(Settings("Cassini:"), options => options with { Health = options.Health with { Hold = TimeSpan.FromSeconds(7) } })
            .Health.Hold.ShouldBe(TimeSpan.FromSeconds(7));

    [Fact]
    public void Read_NothingOfTheBroker_IsTheDefaultsWithTheCodes()
    {
        var defaults = new CassiniOptions { Tls = _authority.Write(_directory.Path) };

        Read([], _ => defaults).ShouldBeSameAs(defaults);
    }

    [Fact]
    public void Read_WrongSettings_AreTheErrorsThatTheExecutableReports()
    {
        (string Key, string Value)[] wrong =
        [
            ("Listener:Backlog", "many"), ("Health:CrashWindow", "5x"), ("Hub:LogCapacity", "1"), ("Health:Tick", "4s"),
            ("Broker:MaxQueuedMesages", "7"),
        ];
        var settings = Settings("Cassini:").Concat(wrong.Select(pair => KeyValuePair.Create($"Cassini:{pair.Key}", pair.Value))).ToList();

        var errors = Errors(settings);

        using var console = new TestConsole { WorkingDirectory = _directory.Path };
        var executables = new List<string>();
        SettingsLoader.Load(
            console.Context,
            null,
            new SettingsLayer(
                [.. settings.Select(pair => new Setting(pair.Key["Cassini:".Length..], pair.Value, $"configuration {pair.Key}"))], true),
            executables);
        executables.Count.ShouldBe(5);
        errors.Order(StringComparer.Ordinal).ShouldBe(executables.Order(StringComparer.Ordinal));
        errors.ShouldContain(error => error.StartsWith(
            "Broker:MaxQueuedMesages: there is no such setting (configuration Cassini:Broker:MaxQueuedMesages); did you mean ",
            StringComparison.Ordinal));
    }

    [Fact]
    public void Read_ExampleOfThePage_IsValid()
    {
        var json = Repository.Read("docs", "use", "embedding.md").Split("```json\n")[1].Split("```")[0];
        var configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();

        ConfiguredOptions.Read(configuration.GetSection("Cassini"), null).Health.Hold.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Read_NoCertificates_AreMissing() => Errors([KeyValuePair.Create("Cassini:Tls:CaPath", "ca.pem")]).ShouldBe(
        ["Tls:ServerChainPath: is missing", "Tls:ServerKeyPath: is missing"]);

    [Theory]
    [InlineData("Management:Address", "0.0.0.0:9090")]
    [InlineData("Logging:Level", "debug")]
    [InlineData("DataDirectory", "/var/lib/cassini")]
    [InlineData("Telemetry:Endpoint", "http://127.0.0.1:4317")]
    public void Read_SettingsOfTheExecutable_AreNotTheBrokers(string key, string value) =>
        Read([.. Settings("Cassini:"), KeyValuePair.Create($"Cassini:{key}", value)]).Tls.ShouldNotBeNull();

    [Fact]
    public void Read_WholeConfiguration_LeavesTheSectionsOfOthersAlone()
    {
        var configuration = Configuration([.. Settings(""), KeyValuePair.Create("Shop:Colour", "red")]);

        ConfiguredOptions.Read(configuration, null).Broker.MaxQueuedMessages.ShouldBe(77);
    }

    [Fact]
    public async Task Start_WrongSettings_ThrowsThem()
    {
        using var app = Build(
            builder => builder.Services.AddCassini(builder.Configuration.GetSection("Cassini")),
            [.. Settings("Cassini:"), KeyValuePair.Create("Cassini:Listner:Backlog", "7")]);

        (await Should.ThrowAsync<OptionsValidationException>(() => app.StartAsync()))
            .Failures.ShouldHaveSingleItem().ShouldStartWith("Listner:Backlog: there is no such setting");
    }

    private List<KeyValuePair<string, string>> Settings(string prefix)
    {
        var tls = _authority.Write(_directory.Path);
        return
        [
            new($"{prefix}Tls:CaPath", tls.CaPath),
            new($"{prefix}Tls:ServerChainPath", tls.ServerChainPath),
            new($"{prefix}Tls:ServerKeyPath", tls.ServerKeyPath),
            new($"{prefix}Listener:Endpoints:0", "127.0.0.1:0"),
            new($"{prefix}Health:Hold", "0"),
            new($"{prefix}Broker:MaxQueuedMessages", "77"),
        ];
    }

    private static CassiniOptions Read(
        IEnumerable<KeyValuePair<string, string>> settings, Func<CassiniOptions, CassiniOptions>? configure = null) =>
        ConfiguredOptions.Read(Configuration(settings).GetSection("Cassini"), configure);

    private static IReadOnlyList<string> Errors(IEnumerable<KeyValuePair<string, string>> settings) =>
        [.. Should.Throw<OptionsValidationException>(() => Read(settings)).Failures];

    private static IConfigurationRoot Configuration(IEnumerable<KeyValuePair<string, string>> settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();

    private static IHost Build(Action<HostApplicationBuilder> add, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        add(builder);
        builder.Services.AddHealthChecks().AddCassini();
        return builder.Build();
    }
}
