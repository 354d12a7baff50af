using System.Collections.Immutable;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;
using Cassini.Tests.Feed;
using Cassini.Web.Cli.Serving;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Cli.Serving;

public class StartupTextTests
{
    private const string Data = "/home/ada/.local/share/cassini";
    private static readonly Dictionary<string, string> Environment = new() { ["HOME"] = "/home/ada" };

    private static readonly ServeSettings Defaults = new()
    {
        Options = new CassiniOptions { Tls = new TlsOptions { CaPath = "/x/ca.pem", ServerChainPath = "s.pem", ServerKeyPath = "s.key" } },
        Process = new ProcessOptions { Management = new ManagementOptions { Name = "shop-1" } },
        DevelopmentCertificates = $"{Data}/dev-certs",
        Warnings = [],
    };

    [Fact]
    public void Text_WithTheDefaults_OffersTheDashboardThenCassiniThenMosquittoThenTheRest()
    {
        var action = new DevelopmentCertificateAction($"{Data}/dev-certs/ca.pem", DevelopmentCertificateOutcome.Created);
        var text = Text(Defaults, action);
        var lines = text.Split('\n');

        lines[0].ShouldMatch(@"^Cassini \d+\.\d+\.\d+, broker shop-1$");
        lines[2].ShouldBe("  dashboard     http://127.0.0.1:9090");
        lines[3].ShouldBe("  broker        127.0.0.1:8883  bound");
        lines[4].ShouldBe("  certificates  ~/.local/share/cassini/dev-certs  for development only, made now");
        lines.ShouldAllBe(line => line == line.TrimEnd());
        var pasted = lines.Skip(5).Where(line => line.StartsWith("  ", StringComparison.Ordinal)).Select(line => line.Trim()).ToList();
        string[] ends =
        [
            " sub 'greetings/#'", " pub greetings/world hello", " -t 'greetings/#' -v", " -t greetings/world -m hello", " watch",
            "/healthz",
            "/readyz?wait=30s'", "/events", " -quiet",
        ];
        pasted.Count.ShouldBe(ends.Length);
        pasted.Zip(ends).ShouldAllBe(pair => pair.First.EndsWith(pair.Second, StringComparison.Ordinal));
        pasted[2].ShouldBe(
            "mosquitto_sub -h localhost -p 8883 --cafile ~/.local/share/cassini/dev-certs/ca.pem "
            + "--cert ~/.local/share/cassini/dev-certs/client.pem --key ~/.local/share/cassini/dev-certs/client.key -t 'greetings/#' -v");
    }

    [Fact]
    public void Text_OtherPortsAndDirectory_NamesThem()
    {
        var settings = Defaults with { DevelopmentCertificates = "/var/my data/dev-certs" };
        var health = FeedText.Health() with
        {
            Endpoints = [new EndpointHealth("0.0.0.0:1883", EndpointState.Bound, DateTimeOffset.UnixEpoch, null)],
        };
        var text = Text(settings, health, "http://127.0.0.1:1234");

        text.ShouldMatch("  CASSINI_DATA_DIR='/var/my data' .* sub 'greetings/#' --broker 127.0.0.1:1883\n");
        text.ShouldContain(" watch http://127.0.0.1:1234\n");
        text.ShouldContain("openssl s_client -connect 127.0.0.1:1883 -CAfile '/var/my data/dev-certs/ca.pem' ");
    }

    [Fact]
    public void Text_EndpointThatCannotBeBound_SaysWhy()
    {
        var health = FeedText.Health() with
        {
            Endpoints = [new EndpointHealth("127.0.0.1:8883", EndpointState.Failed, DateTimeOffset.UnixEpoch, "AddressAlreadyInUse")],
        };

        Text(Defaults, health, "http://127.0.0.1:9090")
            .ShouldContain("  broker        127.0.0.1:8883  failed: address already in use; it is tried again\n");
    }

    [Fact]
    public void Text_TokenThatIsNeeded_IsReadFromItsFile()
    {
        var management = Defaults.Process.Management with { TokenPath = "/etc/cassini/token", RequireCredentials = true };
        var text = Text(Defaults with { Process = Defaults.Process with { Management = management } });

        text.ShouldContain(" watch --token-file /etc/cassini/token\n");
        text.ShouldContain("  curl -H \"Authorization: Bearer $(grep -vm1 '^#' /etc/cassini/token)\" -s http://127.0.0.1:9090/healthz\n");
    }

    [Fact]
    public void Text_NoCredentialsConfigured_OffersOnlyWhatAnswersWithoutThem()
    {
        var text = Open(Defaults.Process.Management with { Address = "0.0.0.0:9094" }, "http://0.0.0.0:9094");

        text.ShouldContain("  management    http://127.0.0.1:9094  answers only probes, with one word: no credentials are configured\n");
        text.ShouldNotContain("dashboard");
        text.ShouldNotContain(" watch");
        text.ShouldNotContain("/events");
        text.ShouldContain("  curl -s http://127.0.0.1:9094/healthz\n");
        text.ShouldContain("  curl 'http://127.0.0.1:9094/readyz?wait=30s'\n");
    }

    [Fact]
    public void Text_TokenOnAllAddresses_IsReadFromItsFile()
    {
        var text = Open(
            Defaults.Process.Management with { Address = "0.0.0.0:9094", TokenPath = "/etc/cassini/token" }, "http://0.0.0.0:9094");

        text.ShouldContain("  dashboard     http://127.0.0.1:9094\n");
        text.ShouldContain(" watch http://127.0.0.1:9094 --token-file /etc/cassini/token\n");
        text.ShouldContain(" -N http://127.0.0.1:9094/events\n");
        text.ShouldContain("curl -H \"Authorization: Bearer $(grep -vm1 '^#' /etc/cassini/token)\" -N ");
    }

    [Fact]
    public void Text_HttpsWithoutToken_PresentsTheClientsCertificate()
    {
        var text = Open(Defaults.Process.Management with { Address = "0.0.0.0:9094", Https = true }, "https://0.0.0.0:9094");

        const string Directory = "~/.local/share/cassini/dev-certs";
        text.ShouldContain(
            $" watch https://127.0.0.1:9094 --cert {Directory}/client.pem --key {Directory}/client.key --ca {Directory}/ca.pem\n");
        text.ShouldContain(
            $"  curl --cacert {Directory}/ca.pem --cert {Directory}/client.pem --key {Directory}/client.key "
            + "-N https://127.0.0.1:9094/events\n");
    }

    [Theory]
    [InlineData("/usr/local/bin/cassini", "/usr/bin:/usr/local/bin", "cassini")]
    [InlineData("/opt/my apps/cassini", "/usr/bin", "'/opt/my apps/cassini'")]
    [InlineData("/usr/bin/dotnet", "/usr/bin", "dotnet /app/cassini.dll")]
    [InlineData(null, null, "dotnet /app/cassini.dll")]
    public void Program_HoweverItWasStarted_CanBeStartedAgain(string? process, string? path, string expected) =>
        Shell.Program(process, "/app/cassini.dll", path).ShouldBe(expected);

    [Theory]
    [InlineData("/home/ada/a.pem", "/home/ada", "~/a.pem")]
    [InlineData("/home/ada/a b.pem", "/home/ada", "'/home/ada/a b.pem'")]
    [InlineData("/home/adam/a.pem", "/home/ada", "/home/adam/a.pem")]
    [InlineData("/a.pem", "/", "/a.pem")]
    [InlineData("/a.pem", null, "/a.pem")]
    public void File_BelowTheHomeDirectory_IsShort(string path, string? home, string expected) => Shell.File(path, home).ShouldBe(expected);

    private static string Text(ServeSettings settings, params ImmutableArray<DevelopmentCertificateAction> made) =>
        new StartupText(settings, Environment, FeedText.Health(), new Uri("http://127.0.0.1:9090"), null, made).ToString();

    private static string Open(ManagementOptions management, string url) =>
        Text(Defaults with { Process = Defaults.Process with { Management = management } }, FeedText.Health(), url);

    private static string Text(ServeSettings settings, HealthSnapshot health, string management) =>
        new StartupText(settings, Environment, health, new Uri(management), null, []).ToString();
}
