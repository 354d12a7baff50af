using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Listening;

/// <summary>A refused client is told by a TLS alert why.</summary>
public sealed class RefusalAlertTests : IDisposable
{
    private readonly ScratchDirectory _directory = new();

    public static TheoryData<string, string, string> Refusals
    {
        get
        {
            var refusals = new TheoryData<string, string, string>();
            foreach (var version in new[] { "-tls1_2", "-tls1_3" })
            {
                refusals.Add(version, "foreign", "alert unknown ca");
                refusals.Add(version, "expired", "alert certificate expired");
                refusals.Add(version, "early", "alert bad certificate");
                refusals.Add(version, "server", "alert unsupported certificate");
                refusals.Add(version, "nameless", "alert bad certificate");
                refusals.Add(version, "none", version == "-tls1_2" ? "alert handshake failure" : "alert certificate required");
            }

            return refusals;
        }
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refusal_OfAClient_ReachesItAsAnAlert(string version, string kind, string alert)
    {
        Require();
        await using var rig = await ListeningRig.StartAsync();
        string[] certificate = kind == "none" ? [] : Files(rig, kind);

        var (_, output) = await OpenSsl.RunAsync(
            ["s_client", version, "-connect", $"127.0.0.1:{rig.Address.Port}", "-ign_eof", .. certificate]);

        output.ShouldContain(alert);
        await rig.Events.WaitForAsync<HandshakeFailed>("the refusal");
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Refusal_OfAClientThatAlreadyWrites_ReachesIt(SslProtocols version)
    {
        Require();
        await using var rig = await ListeningRig.StartAsync();
        using var foreign = new TestAuthority();
        var options = rig.ClientOptions("unused", version);
        options.LocalCertificateSelectionCallback = (_, _, _, _, _) => foreign.IssueClient();
        using var socket = await rig.ConnectAsync();
        await using var stream = new System.Net.Security.SslStream(new System.Net.Sockets.NetworkStream(socket));

        var failure = await Should.ThrowAsync<Exception>(async () =>
        {
            await stream.AuthenticateAsClientAsync(options, TestContext.Current.CancellationToken);
            await stream.WriteAsync(new byte[20_000], TestContext.Current.CancellationToken);
            await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        });

        failure.ToString().ShouldContain("unknown ca");
        (await rig.Events.WaitForAsync<HandshakeFailed>("the refusal")).Reason.ShouldBe(HandshakeFailure.UntrustedCertificate);
    }

    [Fact]
    public async Task Refusal_OfAPeerThatStays_IsPublishedAtOnce()
    {
        Require();
        await using var rig = await ListeningRig.StartAsync(time: new ManualTimeProvider());
        await using var stays = await rig.OpenAsync(client: null);

        (await rig.Events.WaitForAsync<HandshakeFailed>("the refusal, while the peer may still read why")).Reason
            .ShouldBe(HandshakeFailure.NoCertificate);
    }

    [Fact]
    public async Task Refusals_OfPeersThatStay_WaitForNoMoreThanHandshakesMayBe()
    {
        var time = new ManualTimeProvider();
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxHandshakes = 1 }, time: time);
        await using var one = await rig.OpenAsync(client: null);
        await using var other = await rig.OpenAsync(client: null);

        await rig.Events.WaitForCountAsync<HandshakeFailed>(2, "the refusals");
        await Eventually.HoldsAsync("the one for which there is no place ends", () => rig.Connections.All.Count() == 1);
        rig.Events.Of<HandshakeFailed>().ShouldAllBe(failed => failed.Reason == HandshakeFailure.NoCertificate);

        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.HoldsAsync("the other ends", () => !rig.Connections.All.Any());
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Clients_ManyAtOnce_EachGetTheirOwnVerdict(SslProtocols version)
    {
        await using var rig = await ListeningRig.StartAsync();
        using var foreign = new TestAuthority();
        using var stranger = foreign.IssueClient("stranger");

        await Parallel.ForAsync(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (number, cancellation) =>
        {
            var options = rig.ClientOptions($"client-{number % 6}", version);
            if (number % 2 == 1)
            {
                options.LocalCertificateSelectionCallback = (_, _, _, _, _) => stranger;
            }

            using var socket = await rig.ConnectAsync();
            await using var stream = new System.Net.Security.SslStream(new System.Net.Sockets.NetworkStream(socket));
            try
            {
                await stream.AuthenticateAsClientAsync(options, cancellation);
            }
            catch (Exception) when (number % 2 == 1)
            {
                // Refused, as it should be; the events tell.
            }
        });

        await rig.Events.WaitForCountAsync<HandshakeFailed>(30, "the refusals");
        rig.Events.Of<HandshakeFailed>().ShouldAllBe(failed => failed.Reason == HandshakeFailure.UntrustedCertificate);
        (await rig.Events.WaitForCountAsync<ConnectionOpened>(30, "the others"))
            .ShouldAllBe(opened => opened.Identity.StartsWith("client-"));
    }

    private static void Require()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the runtime itself sends no alert here");
        OpenSsl.Require();
    }

    private string[] Files(ListeningRig rig, string kind)
    {
        using var foreign = new TestAuthority("Foreign CA");
        var now = TimeProvider.System.GetUtcNow();
        var issuer = kind == "foreign" ? foreign : rig.Certificates.Authority;
        using var certificate = kind switch
        {
            "expired" => issuer.IssueClient("old", new() { NotBefore = now.AddDays(-9), NotAfter = now.AddDays(-1) }),
            "early" => issuer.IssueClient("early", new() { NotBefore = now.AddDays(1) }),
            "server" => issuer.IssueServer(),
            "nameless" => issuer.IssueClient("", new() { Subject = new("") }),
            _ => issuer.IssueClient(),
        };
        var (path, key) = issuer.WriteClient(_directory.Path, certificate);
        return ["-cert", path, "-key", key];
    }
}
