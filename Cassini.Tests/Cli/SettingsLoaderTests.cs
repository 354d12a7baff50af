using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Cli;

public class SettingsLoaderTests : SettingsTests
{
    [Fact]
    public void Load_NothingGiven_ServesOnLoopbackWithDevelopmentCertificates()
    {
        var settings = Loaded();

        settings.Options.Listener.Endpoints.Select(e => e.ToString()).ShouldBe(["127.0.0.1:8883"]);
        settings.Process.Management.Address.ShouldBe("127.0.0.1:9090");
        settings.DevelopmentCertificates.ShouldBe(Path.Combine(Console.Environment["HOME"], ".local", "share", "cassini", "dev-certs"));
        settings.Options.Tls!.CaPath.ShouldStartWith(settings.DevelopmentCertificates!);
        settings.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void Load_FileThenEnvironmentThenFlags_TheLaterWins()
    {
        Files.Write("appsettings.json", """
            {
              // Comments are allowed.
              "Cassini": {
                "Listener": { "Endpoints": ["127.0.0.1:1", "127.0.0.1:2"], "Backlog": 100, "MaxConnections": 200 },
                "Health": { "Hold": "30s", "CrashWindow": "00:02:00" },
              }
            }
            """);
        Console.Environment["CASSINI_BIND_ADDR"] = "127.0.0.1:3, [::1]:4";
        Console.Environment["CASSINI__Listener__Backlog"] = "101";
        Console.Environment["CASSINI__Health__Hold"] = "40s";

        var settings = Loaded("--set", "Health:Hold=50s");

        settings.Options.Listener.Endpoints.Select(e => e.ToString()).ShouldBe(["127.0.0.1:3", "[::1]:4"]);
        settings.Options.Listener.Backlog.ShouldBe(101);
        settings.Options.Listener.MaxConnections.ShouldBe(200);
        settings.Options.Health.Hold.ShouldBe(TimeSpan.FromSeconds(50));
        settings.Options.Health.CrashWindow.ShouldBe(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Load_EveryNamedFlag_HasItsPlace()
    {
        var settings = Loaded(
            "--bind", "127.0.0.1:5", "--bind", "127.0.0.1:6,127.0.0.1:7", "--management", "127.0.0.1:8", "--ca", "ca", "--cert", "cert",
            "--key", "key", "--crl", "crl", "--data-dir", "data", "--enable-faults", "--log-format", "json", "--log-level", "debug",
            "--bind-ws", "127.0.0.1:9", "--bind-ws", "127.0.0.1:10,127.0.0.1:11");

        settings.Options.Listener.Endpoints.Select(e => e.Port).ShouldBe([5, 6, 7]);
        settings.Options.Listener.WebSocketEndpoints.Select(e => e.Port).ShouldBe([9, 10, 11]);
        settings.Process.Management.Address.ShouldBe("127.0.0.1:8");
        settings.Process.Management.EnableFaults.ShouldBeTrue();
        settings.Process.DataDirectory.ShouldBe("data");
        var tls = settings.Options.Tls!;
        new[] { tls.CaPath, tls.ServerChainPath, tls.ServerKeyPath, tls.CrlPath }.ShouldBe(["ca", "cert", "key", "crl"]);
        settings.Process.Logging.ShouldBe(
            new LoggingOptions { Format = LogFormat.Json, Level = Microsoft.Extensions.Logging.LogLevel.Debug });
        settings.DevelopmentCertificates.ShouldBeNull();
    }

    [Fact]
    public void Load_EveryNamedVariable_HasItsPlace()
    {
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["CASSINI_BIND_ADDR"] = "0.0.0.0:5",
            ["CASSINI_MANAGEMENT_ADDR"] = "127.0.0.1:8",
            ["CASSINI_DATA_DIR"] = "data",
            ["TLS_CA_CERT"] = "ca",
            ["TLS_SERVER_CERT_CHAIN"] = "cert",
            ["TLS_SERVER_KEY"] = "key",
            ["TLS_CRL"] = "crl",
            ["CASSINI_SHUTDOWN_TOKEN"] = "secret",
        })
        {
            Console.Environment[name] = value;
        }

        var settings = Loaded();

        settings.Options.Listener.Endpoints.Single().ToString().ShouldBe("0.0.0.0:5");
        settings.Process.Management.Address.ShouldBe("127.0.0.1:8");
        settings.Process.DataDirectory.ShouldBe("data");
        var tls = settings.Options.Tls!;
        new[] { tls.CaPath, tls.ServerChainPath, tls.ServerKeyPath, tls.CrlPath }.ShouldBe(["ca", "cert", "key", "crl"]);
        settings.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void Load_EmptyVariable_IsOneThatIsNotSet()
    {
        Console.Environment["CASSINI_BIND_ADDR"] = "";

        Loaded().Options.Listener.Endpoints.ShouldHaveSingleItem();
    }

    [Fact]
    public void Load_UnknownVariable_IsAWarning()
    {
        Console.Environment["CASSINI_PORT"] = "tcp://10.0.0.1:8883";
        Console.Environment["CASSINI__Listener__Backlogg"] = "1";

        Loaded().Warnings.ShouldBe([
            "CASSINI_PORT is a variable that Kubernetes makes for a service, and no setting: ignored; "
            + "enableServiceLinks: false in the pod prevents them",
            "Listener:Backlogg: there is no such setting (CASSINI__Listener__Backlogg); did you mean Listener:Backlog?"]);
    }

    [Fact]
    public void Load_FaultsEverywhere_TellsAllAtOnceWithTheirOrigin()
    {
        Files.Write("appsettings.json", """{ "Cassini": { "Listener": { "Backlgo": 1, "Backlog": 0 } } }""");
        Console.Environment["CASSINI__Health__Hold"] = "5";
        Console.Environment["TLS_CA_CERT"] = "ca.pem";

        var errors = Refused("--bind", "nowhere", "--set", "Nope:Nope=1");

        errors.ShouldContain(
            "Listener:Backlgo: there is no such setting (Cassini:Listener:Backlgo in appsettings.json); did you mean Listener:Backlog?");
        errors.ShouldContain(
            error => error.StartsWith("Health:Hold: '5' is not a duration such as 500ms") && error.EndsWith("(CASSINI__Health__Hold)"));
        errors.ShouldContain(error => error.StartsWith("Listener:Endpoints: 'nowhere' is not an endpoint") && error.EndsWith("(--bind)"));
        errors.ShouldContain("Nope:Nope: there is no such setting (--set)");
        errors.ShouldContain(error => error.StartsWith("Tls:ServerChainPath: is missing"));
        errors.ShouldContain(error => error.StartsWith("Tls:ServerKeyPath: is missing"));
        errors.ShouldContain(
            error => error.StartsWith("Listener:Backlog: ") && error.EndsWith("(Cassini:Listener:Backlog in appsettings.json)"));
    }

    [Fact]
    public void Load_VariablesOfKubernetesServices_AreOneWarning()
    {
        foreach (var name in (string[])
        [
            "CASSINI_PORT", "CASSINI_SERVICE_HOST", "CASSINI_SERVICE_PORT", "CASSINI_SERVICE_PORT_MQTTS", "CASSINI_PORT_8883_TCP",
            "CASSINI_PORT_8883_TCP_PROTO", "CASSINI_PORT_8883_TCP_PORT", "CASSINI_PORT_8883_TCP_ADDR", "CASSINI_MANAGEMENT_PORT",
            "CASSINI_MANAGEMENT_SERVICE_HOST", "CASSINI_MANAGEMENT_PORT_9090_TCP_ADDR",
        ])
        {
            Console.Environment[name] = "tcp://10.0.0.1:8883";
        }

        Loaded().Warnings.ShouldBe([
            "CASSINI_MANAGEMENT_PORT and 10 more are variables that Kubernetes makes for services, and no settings: ignored; "
            + "enableServiceLinks: false in the pod prevents them"]);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/nonexistent")]
    public void Load_HomeThatIsNone_AsksForADataDirectory(string home)
    {
        Console.Environment["HOME"] = home;

        Refused().ShouldHaveSingleItem().ShouldContain("--data-dir or CASSINI_DATA_DIR");
    }

    [Fact]
    public void Load_NoCertificatesButAnAddressOffLoopback_IsRefused() =>
        Refused("--bind", "127.0.0.1:1,0.0.0.0:8883").ShouldHaveSingleItem()
            .ShouldContain("development certificates are for loopback addresses only, which 0.0.0.0:8883 is not");

    [Fact]
    public void Load_NoCertificatesButAWebSocketAddressOffLoopback_IsRefused() =>
        Refused("--bind-ws", "0.0.0.0:8884").ShouldHaveSingleItem()
            .ShouldContain("development certificates are for loopback addresses only, which 0.0.0.0:8884 is not");

    [Theory]
    [InlineData("127.0.0.1:8883", "it is there twice")]
    [InlineData("[::]:8883", "Listener:Endpoints listens there already, on 127.0.0.1:8883")]
    public void Load_OneAddressOfBothKinds_IsRefused(string address, string why) =>
        Refused("--bind-ws", address, "--ca", "a", "--cert", "b", "--key", "c").ShouldHaveSingleItem()
            .ShouldStartWith($"Listener:WebSocketEndpoints: {address} is not allowed; {why}");

    [Theory]
    [InlineData("app.example")]
    [InlineData("https://app.example/page")]
    [InlineData("*")]
    public void Load_OriginThatIsNone_IsRefused(string origin) =>
        Refused("--set", $"Listener:WebSocketOrigins={origin}").ShouldHaveSingleItem()
            .ShouldStartWith($"Listener:WebSocketOrigins: {origin} is not allowed; expected scheme://host");

    [Fact]
    public void Load_NoCertificatesButSeveralAddressesOffLoopback_NamesThemAll() =>
        Refused("--bind", "0.0.0.0:1,0.0.0.0:2").ShouldHaveSingleItem().ShouldContain("which 0.0.0.0:1, 0.0.0.0:2 are not");

    [Fact]
    public void Load_CertificateGivenAsNothing_SaysWhere() =>
        Refused("--ca", "ca.pem", "--cert", "cert.pem", "--set", "Tls:ServerKeyPath=").ShouldHaveSingleItem().ShouldBe(
            "Tls:ServerKeyPath: is missing, and TLS is only partly configured: give --key or TLS_SERVER_KEY too (--set)");

    [Fact]
    public void Load_OnlyARevocationList_IsPartlyConfigured() => Refused("--crl", "x").Count.ShouldBe(3);

    [Fact]
    public void Load_DataDirectory_HoldsTheDevelopmentCertificates() =>
        Loaded("--data-dir", Files.Path).DevelopmentCertificates.ShouldBe(Files.File("dev-certs"));

    [Fact]
    public void Load_DataDirectory_HoldsTheHistoryWhereItIs()
    {
        Loaded("--data-dir", Files.Path).Options.History.Directory.ShouldBe(Files.File("history"));

        // An earlier version made it: what happened before must be found.
        Directory.CreateDirectory(Files.File("store"));
        Loaded("--data-dir", Files.Path).Options.History.Directory.ShouldBe(Files.File("history"), "nothing is in it");
        Files.Write("store/history.db", "");
        Loaded("--data-dir", Files.Path).Options.History.Directory.ShouldBe(Files.File("store"));

        Directory.CreateDirectory(Files.File("history"));
        Loaded("--data-dir", Files.Path).Options.History.Directory.ShouldBe(Files.File("history"), "there is a newer one");
    }

    [Fact]
    public void Load_XdgDataHome_HoldsTheDevelopmentCertificates()
    {
        Console.Environment["XDG_DATA_HOME"] = Files.Path;
        Loaded().DevelopmentCertificates.ShouldBe(Path.Combine(Files.Path, "cassini", "dev-certs"));

        Console.Environment["XDG_DATA_HOME"] = "relative";
        Loaded().DevelopmentCertificates!.ShouldStartWith(Console.Environment["HOME"]);
    }

    [Fact]
    public void Load_NoHome_AsksForADataDirectory()
    {
        Console.Environment.Remove("HOME");

        Refused().ShouldHaveSingleItem().ShouldContain("--data-dir or CASSINI_DATA_DIR");
    }

    [Fact]
    public void Load_NoHomeForTheJournal_IsAWarning()
    {
        Console.Environment.Remove("HOME");
        string[] tls = ["--ca", "ca", "--cert", "cert", "--key", "key"];

        Loaded(tls).Warnings.ShouldHaveSingleItem().ShouldBe(
            "nothing is stored, because there is no home directory to keep the journal in: what waits for absent clients, their sessions "
            + "and retained messages end with the process; give --data-dir or CASSINI_DATA_DIR, or set Store:Directory; "
            + "Store:Level=Memory if that is wanted");
        Loaded([.. tls, "--set", "Store:Level=Memory"]).Warnings.ShouldBeEmpty();
        Loaded([.. tls, "--set", "Store:Directory=/x"]).Warnings.ShouldBeEmpty();
        Loaded([.. tls, "--data-dir", "data"]).Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void Load_NoHomeForTheJournalThatIsAskedFor_IsRefused()
    {
        Console.Environment.Remove("HOME");

        Refused("--ca", "ca", "--cert", "cert", "--key", "key", "--set", "Store:Level=Flush").ShouldHaveSingleItem().ShouldBe(
            "Store:Level: there is no home directory to keep the journal in: give --data-dir or CASSINI_DATA_DIR, or set Store:Directory, "
            + "or Memory (--set)");
    }

    [Theory]
    [InlineData("0", "2", "1", "2")]
    [InlineData("1", "2", "0", "1")]
    [InlineData("0", "13", "1", "13")]
    public void Load_ListWithAHole_NamesTheMissingIndex(string one, string other, string missing, string next)
    {
        Console.Environment[$"CASSINI__Listener__Endpoints__{one}"] = "127.0.0.1:1";
        Console.Environment[$"CASSINI__Listener__Endpoints__{other}"] = "127.0.0.1:2";

        Refused().ShouldBe([
            $"Listener:Endpoints: has no element {missing}, but an element {next} (CASSINI__Listener__Endpoints__{next}): "
            + "number the elements 0, 1, 2 and so on; an empty variable is one that is not set"]);
    }

    /// <summary>The broker's settings and those of the process share the section, and the value of the section is one fault.</summary>
    [Theory]
    [InlineData("Telemetry")]
    [InlineData("Management")]
    public void Load_SectionWithAValue_IsOneError(string section) =>
        Refused("--set", $"{section}=5").ShouldHaveSingleItem().ShouldBe($"{section}: is a section and takes no value of its own (--set)");

    [Fact]
    public void Load_ErrorsOfTheBrokerAndTheProcess_AreReportedAtOnce() =>
        Refused(
            "--set", "Listener:Backlog=0", "--set", "Management:MaxFeeds=0",
            "--set", "Telemetry:TraceRatio=2", "--set", "Telemetry:OtlpEndpoint=x")
            .Select(error => error.Split(' ')[0])
            .ShouldBe(["Listener:Backlog:", "Telemetry:TraceRatio:", "Management:MaxFeeds:", "Telemetry:OtlpEndpoint:"]);

    [Theory]
    [InlineData("file")]
    [InlineData("environment")]
    [InlineData("environment, numbered")]
    [InlineData("flag")]
    [InlineData("flag, numbered")]
    public void Load_AccessRules_ReplaceTheDefaultsWhereverTheyAreGiven(string where)
    {
        string[] flags = [];
        switch (where)
        {
            case "file":
                Files.Write(
                    "appsettings.json",
                    """{ "Cassini": { "Broker": { "Access": ["deny all guest-* #", "allow publish * home/%i/#"] } } }""");
                break;
            case "environment":
                Console.Environment["CASSINI__Broker__Access"] = "deny all guest-* #, allow publish * home/%i/#";
                break;
            case "environment, numbered":
                Console.Environment["CASSINI__Broker__Access__0"] = "deny all guest-* #";
                Console.Environment["CASSINI__Broker__Access__1"] = "allow publish * home/%i/#";
                break;
            case "flag":
                flags = ["--set", "Broker:Access=deny all guest-* #, allow publish * home/%i/#"];
                break;
            default:
                flags = ["--set", "Broker:Access:0=deny all guest-* #", "--set", "Broker:Access:1=allow publish * home/%i/#"];
                break;
        }

        Loaded(flags).Options.Broker.Access.Select(rule => rule.ToString()).ShouldBe(["deny all guest-* #", "allow publish * home/%i/#"]);
    }

    [Fact]
    public void Load_AccessRuleWithAComma_StaysOneAsAnElement() =>
        Loaded("--set", "Broker:Access:0=allow all * a,b/#").Options.Broker.Access.ShouldHaveSingleItem().Filter.ShouldBe("a,b/#");

    [Fact]
    public void Load_EmptyAccessList_DeniesEverything()
    {
        Files.Write("appsettings.json", """{ "Cassini": { "Broker": { "Access": [] } } }""");

        Loaded().Options.Broker.Access.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("permit all * #", "'permit all * #': 'permit' is neither allow nor deny")]
    [InlineData("allow read * #", "'allow read * #': 'read' is none of publish, subscribe and all")]
    [InlineData("allow all #", "'allow all #' is not a rule: allow|deny publish|subscribe|all IDENTITY FILTER")]
    [InlineData("allow all * a/#/b", "'allow all * a/#/b': 'a/#/b' is not a topic filter")]
    [InlineData("allow all * $share/g/a", "leave $share/NAME/ out")]
    public void Load_FaultyAccessRule_IsReportedInTheRulesOwnWords(string rule, string words)
    {
        var error = Refused("--set", $"Broker:Access={rule}").ShouldHaveSingleItem();

        error.ShouldStartWith("Broker:Access: ");
        error.ShouldContain(words);
        error.ShouldEndWith("(--set)");
    }

    [Fact]
    public void Load_IdentityFrom_IsAWordOfTwo()
    {
        Loaded("--set", "Tls:IdentityFrom=subjectAlternativeName").Options.Tls!.IdentityFrom.ShouldBe(
            Streams.Tls.IdentitySource.SubjectAlternativeName);
        Refused("--set", "Tls:IdentityFrom=dns").ShouldHaveSingleItem().ShouldContain("one of commonname, subjectalternativename");
    }
}
