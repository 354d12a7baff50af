using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Access;

/// <summary>The management surface over real TLS, with and without client certificates.</summary>
public class ManagementTlsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Probe_WithoutACertificate_IsAnswered()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var http = Client(app, null);

        (await http.GetStringAsync("/readyz", Token)).ShouldBe("ok");
        (await http.GetAsync("/connections", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Read_CertificateOfTheBrokersCa_GetsEverything()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var http = Client(app, broker.Authority.IssueClient("operator"));

        (await http.GetAsync("/connections", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Read_CertificateOfAnotherCa_IsAStrangersAndSaysWhy()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var foreign = new TestAuthority();
        using var http = Client(app, foreign.IssueClient("operator"));
        using var refused = await http.GetAsync("/connections", Token);

        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await refused.Content.ReadAsStringAsync(Token))
            .ShouldStartWith("the client certificate is not accepted: 'operator' was not issued by the configured CA");
        (await http.GetStringAsync("/readyz", Token)).ShouldBe("ok");
    }

    [Fact]
    public async Task Read_CertificateOfAnIntermediate_IsACredentialWithItsChainOnly()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var intermediate = broker.Authority.IssueIntermediate();
        using var with = Client(app, intermediate.IssueClient("operator"), intermediate.Certificate);
        using var without = Client(app, intermediate.IssueClient("another"));

        (await with.GetAsync("/connections", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await with.GetAsync("/connections", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await without.GetAsync("/connections", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Read_IdentityThatIsNotNamed_IsRefused()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker, "operator");
        using var operators = Client(app, broker.Authority.IssueClient("operator"));
        using var sensors = Client(app, broker.Authority.IssueClient("sensor"));

        (await operators.GetAsync("/connections", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await sensors.GetAsync("/connections", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Serve_OwnCertificate_IsServedAndRenewedAndABadOneIsNot()
    {
        using var directory = new TempDirectory();
        using var other = new TempDirectory();
        using var authority = new TestAuthority();
        using var successor = new TestAuthority("Successor of the test CA");
        var own = authority.Write(directory.Path);
        var renewed = successor.Write(other.Path);
        await using var broker = await RunningBroker.ReadyAsync(options => options with
        {
            Tls = options.Tls! with { ManagementChainPath = own.ServerChainPath, ManagementKeyPath = own.ServerKeyPath },
        });
        await using var app = await ManageAsync(broker);

        (await ServedAsync(app)).ShouldBe(authority.Certificate.Subject);
        var first = broker.Events().Select(e => e.Event).OfType<Cassini.Streams.Events.CertificateLoaded>()
            .Single(loaded => loaded.Role == Cassini.Streams.Events.CertificateRole.Management);

        File.Copy(renewed.ServerKeyPath, own.ServerKeyPath, overwrite: true);
        File.Copy(renewed.ServerChainPath, own.ServerChainPath, overwrite: true);
        await broker.HappensAsync<Cassini.Streams.Events.CertificateLoaded>(
            "the renewed certificate is loaded",
            loaded => loaded.Role == Cassini.Streams.Events.CertificateRole.Management && loaded.Fingerprint != first.Fingerprint);
        (await ServedAsync(app)).ShouldBe(successor.Certificate.Subject);

        File.WriteAllText(own.ServerChainPath, "no certificate");
        await broker.HappensAsync<Cassini.Streams.Events.CertificateReloadFailed>(
            "the bad file is published", failed => failed.Role == Cassini.Streams.Events.CertificateRole.Management);
        (await ServedAsync(app)).ShouldBe(successor.Certificate.Subject);
    }

    [Fact]
    public async Task Connect_PlainHttp_IsRefusedAndAffectsNoOtherCaller()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var plain = new HttpClient { BaseAddress = new UriBuilder(ManagementApp.AddressOf(app)) { Scheme = "http" }.Uri };
        using var http = Client(app, null);

        await Should.ThrowAsync<HttpRequestException>(plain.GetStringAsync("/readyz", Token));
        (await http.GetStringAsync("/readyz", Token)).ShouldBe("ok");
    }

    private static async Task<WebApplication> ManageAsync(RunningBroker broker, params ImmutableArray<string> identities)
    {
        var options = new ManagementOptions { Address = "127.0.0.1:0", RequireCredentials = true, Https = true, Identities = identities };
        var app = ManagementApp.Create(ManagedBroker.Of(broker.Host), options, NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(Token);
        return app;
    }

    private static HttpClient Client(
        WebApplication app, X509Certificate2? certificate, params X509Certificate2[] intermediates)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificateContext =
                SslStreamCertificateContext.Create(certificate, [.. intermediates], offline: true);
        }

        return new HttpClient(handler) { BaseAddress = ManagementApp.AddressOf(app) };
    }

    /// <summary>Who signed what is served.</summary>
    private static async Task<string> ServedAsync(WebApplication app)
    {
        var issuer = "";
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            issuer = certificate!.Issuer;
            return true;
        };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        using var http = new HttpClient(handler) { BaseAddress = ManagementApp.AddressOf(app) };
        await http.GetStringAsync("/livez", Token);
        return issuer;
    }
}
