using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;
using Cassini.Streams.Tls.Files;
using static Cassini.Streams.Tls.Development.DevelopmentCertificateOutcome;

namespace Cassini.Tests.Tls;

public sealed class DevelopmentCertificatesTests : IDisposable
{
    private static readonly string[] AllFiles =
    [
        "ca.key", "ca.pem", "canary.key", "canary.pem", "client.key",
        "client.pem", "probe-7.key", "probe-7.pem", "server.key", "server.pem",
    ];

    private readonly ScratchDirectory _directory = new();
    private readonly SettableTime _time = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Ensure_InANewDirectory_MakesEverything()
    {
        var actions = Ensure("probe-7");

        Directory.GetFiles(_directory["certs"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(AllFiles);
        actions.ShouldAllBe(action => action.Outcome == Created);
        actions.Select(action => Path.GetFileName(action.Path)).Order(StringComparer.Ordinal).ShouldBe(AllFiles);
    }

    [Fact]
    public void Ensure_ForKeys_KeepsThemFromOthers()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        Ensure("probe-7");

        foreach (var key in AllFiles.Where(file => file.EndsWith(".key", StringComparison.Ordinal)))
        {
#pragma warning disable CA1416 // Skipped on Windows above.
            File.GetUnixFileMode(FileOf(key)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, key);
#pragma warning restore CA1416
        }
    }

    [Fact]
    public void Ensure_Again_TouchesNothing()
    {
        Ensure("probe-7");
        var before = Contents();

        var actions = Ensure("probe-7");

        Contents().ShouldBe(before);
        actions.ShouldAllBe(action => action.Outcome == Kept);
        actions.Select(action => Path.GetFileName(action.Path)).Order(StringComparer.Ordinal).ShouldBe(AllFiles);
    }

    [Fact]
    public void Ensure_WithAnotherClient_AddsItAlone()
    {
        Ensure();
        var before = Contents();

        var created = Ensure("probe-7").Where(action => action.Outcome == Created).Select(action => Path.GetFileName(action.Path));

        created.ShouldBe(["probe-7.key", "probe-7.pem"]);
        Contents().Where(file => !file.Key.StartsWith("probe-7", StringComparison.Ordinal)).ShouldBe(before);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Certificates_OfOneDirectory_ShakeHands(SslProtocols version)
    {
        Ensure("probe-7");
        var material = TlsMaterial.Create(TlsFileSet.Read(Options()), TimeProvider.System);

        (string, string)[] clients = [("client", "client"), ("probe-7", "probe-7"), ("canary", DevelopmentCertificates.CanaryIdentity)];
        foreach (var (file, identity) in clients)
        {
            using var client = X509Certificate2.CreateFromPemFile(FileOf($"{file}.pem"), FileOf($"{file}.key"));
            var result = await Handshake.WithClientAsync(material, version, client);
            result.Verdict.Accepted.ShouldBeTrue(result.Detail);
            result.Verdict.Identity.ShouldBe(identity);
        }
    }

    [Fact]
    public async Task Certificates_LookedAtByOpenSsl_AreGood()
    {
        OpenSsl.Require();
        Ensure("probe-7");

        string[] strict = ["verify", "-x509_strict", "-CAfile", FileOf("ca.pem")];
        (await OpenSsl.RunAsync([.. strict, "-purpose", "sslserver", "-verify_hostname", "localhost", FileOf("server.pem")]))
            .ShouldBe(Good("server.pem"));
        (await OpenSsl.RunAsync([.. strict, "-purpose", "sslserver", "-verify_ip", "127.0.0.1", FileOf("server.pem")]))
            .ShouldBe(Good("server.pem"));
        (await OpenSsl.RunAsync([.. strict, "-purpose", "sslserver", "-verify_ip", "::1", FileOf("server.pem")]))
            .ShouldBe(Good("server.pem"));
        foreach (var client in new[] { "client.pem", "probe-7.pem", "canary.pem" })
        {
            (await OpenSsl.RunAsync([.. strict, "-purpose", "sslclient", FileOf(client)])).ShouldBe(Good(client));
            (await OpenSsl.RunAsync([.. strict, "-purpose", "sslserver", FileOf(client)])).ExitCode.ShouldNotBe(0);
        }

        (int, string) Good(string file) => (0, $"{FileOf(file)}: OK\n");
    }

    [Fact]
    public void Certificates_ByTheClock_BeginAnHourBackAndEndInTime()
    {
        _time.Now = new DateTimeOffset(2031, 5, 17, 12, 0, 0, TimeSpan.Zero);
        Ensure();

        var (ca, server) = (Read("ca.pem"), Read("server.pem"));
        ca.NotBefore.ToUniversalTime().ShouldBe(_time.Now.AddHours(-1).UtcDateTime);
        ca.NotAfter.ToUniversalTime().ShouldBe(_time.Now.AddYears(10).UtcDateTime);
        server.NotBefore.ToUniversalTime().ShouldBe(_time.Now.AddHours(-1).UtcDateTime);
        (server.NotAfter - server.NotBefore).ShouldBe(TimeSpan.FromDays(825));

        _time.Now = _time.Now.AddMinutes(-50);
        Ensure("early");
        Read("early.pem").NotBefore.ShouldBe(ca.NotBefore, "not before its CA");

        _time.Now = _time.Now.AddYears(9);
        Ensure("late");
        Read("late.pem").NotAfter.ShouldBe(ca.NotAfter, "not after its CA");
    }

    [Fact]
    public void Ensure_NearTheEndOfALeaf_RenewsItForTheSameKey()
    {
        Ensure();
        var key = File.ReadAllText(FileOf("server.key"));
        _time.Now = _time.Now.AddDays(800);

        var actions = Ensure();

        actions.Where(action => action.Outcome == Renewed).Select(action => Path.GetFileName(action.Path))
            .ShouldBe(["server.pem", "client.pem", "canary.pem"]);
        File.ReadAllText(FileOf("server.key")).ShouldBe(key);
        Read("server.pem").NotAfter.ToUniversalTime().ShouldBeGreaterThan(_time.Now.AddDays(800).UtcDateTime);
        Ensure().ShouldAllBe(action => action.Outcome == Kept);
    }

    [Fact]
    public void Ensure_WithALeafOfAnotherCa_RenewsItAndSaysWhy()
    {
        Ensure();
        using var foreign = new TestAuthority("Foreign CA");
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(FileOf("client.key")));
        var request = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256);
        File.WriteAllText(
            FileOf("client.pem"),
            request.Create(foreign.Certificate, _time.Now.AddDays(-1), _time.Now.AddDays(300), [1]).ExportCertificatePem());

        var renewed = Ensure().Single(action => action.Outcome == Renewed);

        Path.GetFileName(renewed.Path).ShouldBe("client.pem");
        renewed.Reason.ShouldBe("it is not from the CA of this directory");
    }

    [Theory]
    [InlineData("ca.key")] // cut off between the CA's key and its certificate
    [InlineData("ca.key", "ca.pem", "server.key")]
    public void Ensure_AfterARunThatWasCutOff_Finishes(params string[] left)
    {
        Ensure();
        foreach (var file in Directory.GetFiles(_directory["certs"]).Where(file => !left.Contains(Path.GetFileName(file))))
        {
            File.Delete(file);
        }

        var before = Contents();
        Ensure();

        Contents().Where(file => before.ContainsKey(file.Key)).ShouldBe(before);
        Ensure().ShouldAllBe(action => action.Outcome == Kept);
        TlsMaterial.Create(TlsFileSet.Read(Options()), TimeProvider.System).Server.Subject.ShouldBe("CN=localhost");
    }

    [Fact]
    public void Ensure_WithoutTheCaKey_KeepsWhatIsGoodAndRefusesToSign()
    {
        Ensure();
        File.Delete(FileOf("ca.key"));

        Ensure().ShouldAllBe(action => action.Outcome == Kept);
        Should.Throw<TlsConfigurationException>(() => Ensure("probe-7")).Message.ShouldContain(
            "ca.key: does not exist, but is needed to sign");
        File.Exists(FileOf("probe-7.key")).ShouldBeFalse();
    }

    [Fact]
    public void Ensure_WithAKeyItDoesNotUnderstand_LeavesItAlone()
    {
        Directory.CreateDirectory(_directory["certs"]);
        File.WriteAllText(FileOf("server.key"), "precious");

        Should.Throw<TlsConfigurationException>(() => Ensure()).Message.ShouldContain("server.key: is not an unencrypted EC key");
        File.ReadAllText(FileOf("server.key")).ShouldBe("precious");
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("-flag")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    [InlineData("žofie")]
    [InlineData("ca")]
    [InlineData("Server")]
    [InlineData("canary")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public void Ensure_WithANameThatWillNotDo_SaysSoBeforeItMakesAnything(string name)
    {
        Should.Throw<ArgumentException>(() => Ensure(name)).Message.ShouldContain("is not a client name");
        Directory.Exists(_directory["certs"]).ShouldBeFalse();
    }

    private System.Collections.Immutable.ImmutableArray<DevelopmentCertificateAction> Ensure(params string[] clients) =>
        DevelopmentCertificates.Ensure(_directory["certs"], _time, clients);

    private string FileOf(string name) => Path.Combine(_directory["certs"], name);

    private X509Certificate2 Read(string name) => X509CertificateLoader.LoadCertificateFromFile(FileOf(name));

    private Dictionary<string, string> Contents() =>
        Directory.GetFiles(_directory["certs"]).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllText);

    private TlsOptions Options() => new()
    {
        CaPath = FileOf("ca.pem"),
        ServerChainPath = FileOf("server.pem"),
        ServerKeyPath = FileOf("server.key"),
    };
}
