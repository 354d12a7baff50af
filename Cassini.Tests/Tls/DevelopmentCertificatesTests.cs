using System.Collections.Immutable;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;
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

    [Fact]
    public void Ensure_WithHosts_NamesThemAndKeepsThem()
    {
        Ensure();
        var key = File.ReadAllText(FileOf("server.key"));

        var renewed = EnsureAll(hosts: ["broker.example.org", "192.0.2.7", "2001:db8::7", "*.example.org", "BÜCHER.example"])
            .Single(action => action.Outcome == Renewed);

        renewed.Reason.ShouldBe(
            "it does not name broker.example.org, 192.0.2.7, 2001:db8::7, *.example.org, xn--bcher-kva.example");
        ServerNames.Of(Read("server.pem")).ShouldBe(
            [
                "localhost", "broker.example.org", "*.example.org", "xn--bcher-kva.example", "127.0.0.1", "::1", "192.0.2.7",
                "2001:db8::7",
            ],
            ignoreOrder: true);
        File.ReadAllText(FileOf("server.key")).ShouldBe(key);
        Ensure().ShouldAllBe(action => action.Outcome == Kept);
        EnsureAll(hosts: ["Broker.Example.org", "2001:DB8:0::7"]).ShouldAllBe(action => action.Outcome == Kept);

        _time.Now = _time.Now.AddDays(800);
        Ensure();
        ServerNames.Of(Read("server.pem")).ShouldContain("broker.example.org", "those that it had stay");
    }

    [Theory]
    [InlineData("-verify_hostname", "any.example.org")]
    [InlineData("-verify_hostname", "broker.test")]
    [InlineData("-verify_ip", "192.0.2.7")]
    public async Task Hosts_LookedAtByOpenSsl_AreGood(string kind, string host)
    {
        OpenSsl.Require();
        EnsureAll(hosts: ["*.example.org", "broker.test", "192.0.2.7"]);

        (await OpenSsl.RunAsync("verify", "-x509_strict", "-CAfile", FileOf("ca.pem"), "-no_check_time", kind, host, FileOf("server.pem")))
            .ExitCode.ShouldBe(0);
        (await OpenSsl.RunAsync(
            "verify", "-x509_strict", "-CAfile", FileOf("ca.pem"), "-no_check_time", "-verify_hostname", "else.test", FileOf("server.pem")))
            .ExitCode.ShouldNotBe(0);
    }

    [Theory]
    [InlineData("", "a name is of labels with letters, digits and hyphens between dots, without a port")]
    [InlineData("a b", "a name is of labels")]
    [InlineData("broker:8883", "a name is of labels")]
    [InlineData("a..b", "a name is of labels")]
    [InlineData("example.org.", "a name is of labels")]
    [InlineData("-a.example", "a name is of labels")]
    [InlineData("a*.example.org", "a name is of labels")]
    [InlineData("https://example.org", "a name is of labels")]
    [InlineData("*", "* stands for one label, before at least two others")]
    [InlineData("*.org", "* stands for one label, before at least two others")]
    [InlineData("1.2.3", "it is neither a name nor an IP address")]
    [InlineData("1.2.3.400", "it is neither a name nor an IP address")]
    [InlineData("0x7f.1", "it is neither a name nor an IP address")]
    [InlineData("fe80::1%2", "an address in a certificate has no zone")]
    [InlineData(
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.org", "a part between two dots has at most 63 characters")]
    [InlineData("ü\u202e.example", "it is not an international domain name")]
    public void Ensure_WithAHostThatNoCertificateCanHave_SaysWhy(string host, string why)
    {
        Should.Throw<ArgumentException>(() => EnsureAll(hosts: [host])).Message.ShouldContain(
            $"is not a host name that a certificate can have: {why}");
        Directory.Exists(_directory["certs"]).ShouldBeFalse();
    }

    [Fact]
    public void Ensure_WithAHostThatIsTooLong_SaysWhy() => Should.Throw<ArgumentException>(
        () => EnsureAll(hosts: [string.Join('.', Enumerable.Repeat("aaaaaaaaa", 26))])).Message
        .ShouldEndWith("a name has at most 253 characters");

    [Fact]
    public void Revoke_AClient_PutsItOnTheListThatTheBrokerReads()
    {
        Ensure("alice", "bob");

        var made = EnsureAll(revoked: ["bob"]).Single(action => action.Outcome == Created);

        Path.GetFileName(made.Path).ShouldBe("ca.crl");
        made.Reason.ShouldBe("CN=bob revoked");
        var list = List();
        list.IsRevoked(Read("bob.pem"), Read("ca.pem")).ShouldBeTrue();
        list.IsRevoked(Read("alice.pem"), Read("ca.pem")).ShouldBeFalse();
        EnsureAll(revoked: ["alice"]).Single(action => action.Outcome == Renewed).Reason.ShouldBe("CN=alice revoked");
        List().Count.ShouldBe(2);
        EnsureAll(revoked: ["alice"]).ShouldAllBe(action => action.Outcome == Kept);
    }

    [Fact]
    public async Task Revoke_AClient_IsRefusedByOpenSslToo()
    {
        OpenSsl.Require();
        Ensure("bob");
        EnsureAll(revoked: ["bob"]);

        string[] check = ["verify", "-crl_check", "-CRLfile", FileOf("ca.crl"), "-CAfile", FileOf("ca.pem"), "-no_check_time"];
        (await OpenSsl.RunAsync([.. check, FileOf("client.pem")])).ExitCode.ShouldBe(0);
        (await OpenSsl.RunAsync([.. check, FileOf("bob.pem")])).ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public void Ensure_WithAnOldList_RenewsItAndNoRevokedCertificate()
    {
        Ensure("bob");
        EnsureAll(revoked: ["bob"]);
        var before = List();
        _time.Now = _time.Now.AddDays(800);

        var actions = Ensure("bob");

        actions.Single(action => action.Path.EndsWith("bob.pem", StringComparison.Ordinal))
            .ShouldBe(new DevelopmentCertificateAction(FileOf("bob.pem"), Kept, "it is revoked"));
        actions.Single(action => action.Path.EndsWith("ca.crl", StringComparison.Ordinal)).Outcome.ShouldBe(Renewed);
        var renewed = List();
        renewed.IsRevoked(Read("bob.pem"), Read("ca.pem")).ShouldBeTrue();
        renewed.NextUpdate.ShouldBeGreaterThan(before.NextUpdate);
        renewed.StepsBehind(before, [Read("ca.pem")]).ShouldBeNull("the broker takes it instead of the old one");
    }

    [Theory]
    [InlineData("nobody", "'nobody' cannot be revoked: ")]
    [InlineData("ca", "'ca' cannot be revoked: remove the CA from where it is trusted")]
    [InlineData("../x", "'../x' is not a client name")]
    public void Revoke_WhatCannotBeRevoked_SaysWhy(string name, string why)
    {
        Ensure();

        Should.Throw<ArgumentException>(() => EnsureAll(revoked: [name])).Message.ShouldStartWith(why);
        File.Exists(FileOf("ca.crl")).ShouldBeFalse();
    }

    [Fact]
    public void Revoke_WithADamagedList_LeavesItAlone()
    {
        Ensure();
        File.WriteAllText(FileOf("ca.crl"), "precious");

        Should.Throw<TlsConfigurationException>(() => EnsureAll(revoked: ["client"])).Message.ShouldContain("ca.crl");
        File.ReadAllText(FileOf("ca.crl")).ShouldBe("precious");
    }

    [Fact]
    public void List_OfADirectory_SaysWhichCanBeUsed()
    {
        Ensure("alice", "bob");
        EnsureAll(revoked: ["bob"], hosts: ["broker.example"]);
        using var foreign = new TestAuthority("Foreign CA");
        File.WriteAllText(FileOf("other.pem"), foreign.Certificate.ExportCertificatePem());
        File.WriteAllText(FileOf("note.pem"), "no certificate");

        var all = DevelopmentCertificates.List(_directory["certs"], _time);

        all.Select(one => (one.Name, one.State)).ShouldBe(
            [
                ("ca", DevelopmentCertificateState.Valid),
                ("alice", DevelopmentCertificateState.Valid),
                ("bob", DevelopmentCertificateState.Revoked),
                ("canary", DevelopmentCertificateState.Valid),
                ("client", DevelopmentCertificateState.Valid),
                ("note", DevelopmentCertificateState.Unreadable),
                ("other", DevelopmentCertificateState.Foreign),
                ("server", DevelopmentCertificateState.Valid),
            ]);
        all[^1].Hosts.ShouldBe(["localhost", "broker.example", "127.0.0.1", "::1"]);
        all[1].NotAfter.ShouldBe(new DateTimeOffset(Read("alice.pem").NotAfter.ToUniversalTime()));

        _time.Now = _time.Now.AddDays(800);
        DevelopmentCertificates.List(_directory["certs"], _time)[1].State.ShouldBe(DevelopmentCertificateState.Expiring);
        _time.Now = _time.Now.AddDays(30);
        DevelopmentCertificates.List(_directory["certs"], _time)[1].State.ShouldBe(DevelopmentCertificateState.Expired);
    }

    private RevocationList List() => RevocationListReader.Read(
        TlsFile.Read(CertificateRole.RevocationList, "list", FileOf("ca.crl")), [Read("ca.pem")]);

    private ImmutableArray<DevelopmentCertificateAction> EnsureAll(string[]? hosts = null, string[]? revoked = null) =>
        DevelopmentCertificates.Ensure(
            _directory["certs"], _time, new DevelopmentCertificateRequest { Hosts = [.. hosts ?? []], Revoked = [.. revoked ?? []] });

    private ImmutableArray<DevelopmentCertificateAction> Ensure(params string[] clients) =>
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
