using Cassini.Management.Tables;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Serving;
using Cassini.Web.Cli.Settings;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cli.Serving;

/// <summary>Settings that are read again while the broker is there. Nothing is bound.</summary>
public sealed class SettingsInForceTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly RecordingLoggers _loggers = new();
    private readonly TestConsole _console;
    private readonly LogFilters _filters = new(LogLevel.Information, new Dictionary<string, LogLevel>());
    private SettingsSource _source = null!;
    private BrokerHost _host = null!;

    public SettingsInForceTests()
    {
        _console = new TestConsole { WorkingDirectory = _directory.Path };
        _console.Environment["HOME"] = _directory.Path;
        _console.Environment["CASSINI_SHUTDOWN_TOKEN"] = "hush";
        _console.Environment["CASSINI__Store__Level"] = "Memory";
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _console.Dispose();
        _loggers.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Reload_RulesAndLevelsChanged_AreInForceAndPublished()
    {
        var settings = Start("""{ "Cassini": { "Broker": { "Access": ["allow all * #"] } } }""");
        Write("""
            {
              "Logging": { "LogLevel": { "Cassini.Streams": "Trace" } },
              "Cassini": { "Broker": { "Access": ["allow all * a"] }, "Logging": { "Level": "debug" } }
            }
            """);

        await settings.ReloadAsync();

        Published<AccessRulesChanged>().ShouldBe([new AccessRulesChanged(1, 0, 0)]);
        Published<ConfigurationLoaded>()[^1].TakenUp.ShouldBe(["Logging:Level", "Logging:LogLevel", "Broker:Access"]);
        _filters.CurrentValue.MinLevel.ShouldBe(LogLevel.Debug);
        _filters.CurrentValue.Rules.ShouldContain(rule => rule.CategoryName == "Cassini.Streams" && rule.LogLevel == LogLevel.Trace);
        var rules = Row(settings, "Broker:Access");
        rules.Value!.ToJsonString().ShouldBe("""["allow all * a"]""");
        rules.Origin.ShouldBe("Cassini:Broker:Access:0 in appsettings.json");
        (rules.AtOnce, rules.NeedsRestart).ShouldBe((true, false));
        Row(settings, "Logging:LogLevel:Cassini.Streams").Value!.ToString().ShouldBe("trace");
        Status().ShouldBe(HealthStatus.Ok);
    }

    [Theory]
    [InlineData("""{ "Cassini": { "Broker": { "Access": ["permit all * #"] }, "Logging": { "Level": "debug" } } }""", "'permit'")]
    [InlineData("""{ "Cassini": { "Broker": { "Access": ["allow all * a"] }, "Health": { "Tick": "soon" } } }""", "Health:Tick")]
    [InlineData("""{ "Cassini": { "Broker": { "Acess": ["allow all * a"] } } }""", "did you mean Broker:Access?")]
    [InlineData("""{ "Cassini": """, "appsettings.json")]
    [InlineData("", "appsettings.json")]
    [InlineData(null, "appsettings.json: the file is gone")]
    public async Task Reload_Wrong_ChangesNothingAndDegradesUntilOneSucceeds(string? content, string problem)
    {
        _console.Environment["CASSINI__Health__Hold"] = "0s";
        var settings = Start("""{ "Cassini": { "Broker": { "Access": ["allow publish * #"] } } }""");
        var (levels, before) = (_filters.CurrentValue, settings.Settings.Select(row => row.ToString()).ToList());
        if (content is null)
        {
            File.Delete(_directory.File("appsettings.json"));
        }
        else
        {
            Write(content);
        }

        await settings.ReloadAsync();
        await settings.ReloadAsync();

        Published<AccessRulesChanged>().ShouldBeEmpty();
        Published<ConfigurationReloadFailed>().Count.ShouldBe(2);
        Published<ConfigurationReloadFailed>().ShouldAllBe(failed => failed.Problem.Contains(problem));
        settings.Problem.ShouldNotBeNull().ShouldContain(problem);
        settings.File.ShouldBe("appsettings.json");
        _filters.CurrentValue.ShouldBeSameAs(levels);
        settings.Settings.Select(row => row.ToString()).ShouldBe(before);
        Status().ShouldBe(HealthStatus.Degraded);

        Write("""{ "Cassini": { "Broker": { "Access": ["allow publish * #"] } } }""");
        await settings.ReloadAsync();
        settings.Problem.ShouldBeNull();
        Published<ConfigurationLoaded>().Count.ShouldBe(2);
        Status().ShouldBe(HealthStatus.Ok);
    }

    // Opening a pipe waits for its writer: that would be the last reload of the process.
    [Fact]
    public async Task Reload_APipeInPlaceOfTheFile_IsRefusedAndTheNextFileIsTakenUp()
    {
        var settings = Start("""{ "Cassini": { "Broker": { "Access": ["allow publish * #"] } } }""");
        File.Delete(_directory.File("appsettings.json"));
        SpecialFile.MakePipe(_directory.File("appsettings.json"));

        await Eventually.CompletesAsync("the first look", Task.Run(settings.LookAsync));
        await Eventually.CompletesAsync("the second look", Task.Run(settings.LookAsync));
        settings.Problem.ShouldBe("appsettings.json: is a pipe, which can be read only at the start");

        File.Delete(_directory.File("appsettings.json"));
        Write("""{ "Cassini": { "Broker": { "Access": ["allow all * a"] } } }""");
        await settings.ReloadAsync();
        settings.Problem.ShouldBeNull();
        Row(settings, "Broker:Access").Value!.ToJsonString().ShouldBe("""["allow all * a"]""");
    }

    // As with --config <(…): what is in the pipe is for the start, not for the watch.
    [Fact]
    public async Task Start_FromAPipe_ReadsItOnce()
    {
        SpecialFile.MakePipe(_directory.File("appsettings.json"));
        var writing = Task.Run(() => Write("""{ "Cassini": { "Broker": { "Access": ["allow all * a"] } } }"""));

        var settings = await Eventually.CompletesAsync("the start", Task.Run(() => Start(content: null)));

        await Eventually.CompletesAsync("the writer", writing);
        Row(settings, "Broker:Access").Value!.ToJsonString().ShouldBe("""["allow all * a"]""");
    }

    [Fact]
    public async Task Reload_SeveralErrors_AreAllLogged()
    {
        var settings = Start("{}");
        Write("""{ "Cassini": { "Health": { "Hold": "soon", "Tick": "later" } } }""");

        await settings.ReloadAsync();

        var failed = Published<ConfigurationReloadFailed>().ShouldHaveSingleItem();
        failed.More.ShouldBe(1);
        var rest = _loggers.Lines.Where(line => line.Id == 2029).ShouldHaveSingleItem().Text;
        new[] { "Health:Hold", "Health:Tick" }.ShouldAllBe(key => (failed.Problem + rest).Contains(key));
    }

    [Fact]
    public async Task Reload_SettingsThatNeedARestart_AreNamedAndTheOldOnesInForce()
    {
        var settings = Start("{}");
        Write("""{ "Cassini": { "Health": { "Hold": "30s" }, "Management": { "ShutdownToken": "other" } } }""");

        await settings.ReloadAsync();

        Published<ConfigurationLoaded>()[^1].ShouldSatisfyAllConditions(
            loaded => loaded.TakenUp.ShouldBeEmpty(),
            loaded => loaded.NeedRestart.ShouldBe(["Health:Hold"], "the variable is stronger than the file"));
        var hold = Row(settings, "Health:Hold");
        (hold.Value!.ToString(), hold.Next!.ToString(), hold.Default!.ToString()).ShouldBe(("15s", "30s", "15s"));
        (hold.AtOnce, hold.NeedsRestart, hold.Origin).ShouldBe((false, true, "default"));
        Status().ShouldBe(HealthStatus.Ok);

        Write("{}");
        await settings.ReloadAsync();
        Row(settings, "Health:Hold").NeedsRestart.ShouldBeFalse();
        Published<ConfigurationLoaded>()[^1].NeedRestart.ShouldBeEmpty();
    }

    [Fact]
    public async Task Look_FileChanges_IsReadWhenTwoLooksSawTheSame()
    {
        var settings = Start("{}");
        await settings.LookAsync();
        Write("""{ "Cassini": { "Broker": { "Access": [""");
        await settings.LookAsync();
        Write("""{ "Cassini": { "Broker": { "Access": ["allow all * a"] } } }""");
        await settings.LookAsync();
        Published<AccessRulesChanged>().ShouldBeEmpty("it may be half written");

        await settings.LookAsync();
        await settings.LookAsync();

        Published<AccessRulesChanged>().Count.ShouldBe(1);
        Published<ConfigurationReloadFailed>().ShouldBeEmpty();
    }

    // A volume of Kubernetes: the file is a link into a directory that is itself a link, and only that one is replaced.
    [Fact]
    public async Task Look_LinkOnTheWayIsSwapped_IsAChange()
    {
        Directory.CreateDirectory(_directory.File("one"));
        Directory.CreateDirectory(_directory.File("two"));
        File.WriteAllText(_directory.File("one/appsettings.json"), """{ "Cassini": { "Broker": { "Access": ["allow all * a"] } } }""");
        File.WriteAllText(_directory.File("two/appsettings.json"), """{ "Cassini": { "Broker": { "Access": ["allow all * b"] } } }""");
        Directory.CreateSymbolicLink(_directory.File("data"), "one");
        File.CreateSymbolicLink(_directory.File("appsettings.json"), "data/appsettings.json");
        var settings = Start(null);
        Directory.Delete(_directory.File("data"));
        Directory.CreateSymbolicLink(_directory.File("data"), "two");

        await settings.LookAsync();
        await settings.LookAsync();

        Row(settings, "Broker:Access").Value!.ToJsonString().ShouldBe("""["allow all * b"]""");
    }

    [Fact]
    public void Settings_EachOne_HasItsValueItsDefaultAndItsOrigin()
    {
        var settings = Start("""{ "Cassini": { "Health": { "Hold": "20s" }, "Listener": { "Backlog": 100 } } }""");

        settings.Settings.Select(row => row.Key).ShouldBe(SettingsCatalog.All.Select(setting => setting.Key));
        Row(settings, "Health:Hold").Origin.ShouldBe("Cassini:Health:Hold in appsettings.json");
        Row(settings, "Listener:Backlog").Value!.ToJsonString().ShouldBe("100");
        Row(settings, "Store:Level").ShouldSatisfyAllConditions(
            row => row.Origin.ShouldBe("CASSINI__Store__Level in the environment"), row => row.Value!.ToString().ShouldBe("memory"));
        Row(settings, "Management:Address").Origin.ShouldBe("--management");
        Row(settings, "Tls:CaPath").Origin.ShouldBe("chosen at the start");
        Row(settings, "Health:Tick").ShouldSatisfyAllConditions(
            row => row.Origin.ShouldBe("default"), row => row.Value!.ToString().ShouldBe(row.Default!.ToString()));
        Row(settings, "Management:ShutdownToken").Value!.ToString().ShouldBe("(set)");
        string.Concat(settings.Settings).ShouldNotContain("hush");
    }

    private SettingsInForce Start(string? content)
    {
        if (content is not null)
        {
            Write(content);
        }

        var flags = new SettingsLayer([new Setting("Management:Address", "127.0.0.1:0", "--management")], UnknownIsError: true);
        _source = new SettingsSource(_console.Context, null, flags);
        var errors = new List<string>();
        var started = _source.Load(errors, out _);
        errors.ShouldBeEmpty();
        _host = new BrokerHost(started!.Options, TimeProvider.System, _loggers);
        var settings = new SettingsInForce(started, _source, _host, _filters, _loggers);
        settings.Begin();
        return settings;
    }

    private IReadOnlyList<T> Published<T>()
        where T : BrokerEvent =>
    [
        .. Enumerable.Range(1, (int)_host.Hub.Log.Newest)
            .Select(sequence => _host.Hub.Log.TryGet(sequence, out var envelope) ? envelope.Event : null)
            .OfType<T>(),
    ];

    private HealthStatus Status() =>
        _host.Health.Current.Checks.Single(check => check.Name == CheckNames.Configuration).Status;

    private void Write(string content) => File.WriteAllText(_directory.File("appsettings.json"), content);

    private static SettingRow Row(SettingsInForce settings, string key) => settings.Settings.Single(row => row.Key == key);
}
