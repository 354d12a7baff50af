using Cassini.Streams.Nats;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cluster;

/// <summary>How the bus proves who it is, and knows the servers.</summary>
public sealed class NatsIdentityTests : IDisposable
{
    private const int Connected = 1920;
    private const int Lost = 1921;
    private const int Unreachable = 1922;
    private const int Refused = 1924;

    private readonly TempDirectory _directory = new();
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Certificate_OfTheAuthority_Connects()
    {
        await using var servers = await NatsServers.StartAsync(authority: _authority);
        await using var bus = new RunningBus(servers.Addresses, Options(_authority));
        await bus.ConnectedAsync();
        var came = 0;
        using var subscription = bus.Bus.Subscribe("t.a", _ => Interlocked.Increment(ref came));
        await NatsBusTests.PublishAsync(bus.Bus, "t.a", "x");
        await Eventually.HoldsAsync("it came", () => Volatile.Read(ref came) == 1);
    }

    [Fact]
    public async Task Certificate_OfAnotherAuthority_IsSaidAndOnceItIsRenewedItConnects()
    {
        await using var servers = await NatsServers.StartAsync(authority: _authority);
        using var another = new TestAuthority("Another CA");
        var options = Options(_authority, another);
        await using var bus = new RunningBus(servers.Addresses, options);
        var line = await bus.LineAsync(Unreachable);
        line.Level.ShouldBe(LogLevel.Warning);
        line.Text.ShouldContain("certificate");
        bus.Changes.ShouldBeEmpty();

        Options(_authority);
        await bus.ConnectedAsync();
        bus.Count(Connected).ShouldBe(1);
    }

    [Fact]
    public async Task Server_OfAnotherAuthority_IsRefused()
    {
        await using var servers = await NatsServers.StartAsync(authority: _authority);
        using var another = new TestAuthority("Another CA");
        await using var bus = new RunningBus(servers.Addresses, Options(another, _authority));
        (await bus.LineAsync(Unreachable)).Text.ShouldContain("certificate");
        bus.Changes.ShouldBeEmpty();
    }

    [Fact]
    public async Task Server_WithoutTls_IsRefusedWhenThereAreFiles()
    {
        await using var servers = await NatsServers.StartAsync();
        await using var bus = new RunningBus(servers.Addresses, Options(_authority));
        (await bus.LineAsync(Unreachable)).Text.ShouldContain("does not support TLS");
    }

    [Fact]
    public async Task Files_Missing_AreNamedUntilTheyCome()
    {
        await using var servers = await NatsServers.StartAsync(authority: _authority);
        var options = Options(_authority);
        File.Delete(options.KeyPath!);
        await using var bus = new RunningBus(servers.Addresses, options);
        (await bus.LineAsync(Unreachable)).Text.ShouldEndWith($"Nats:KeyPath: {options.KeyPath}: no such file");

        Options(_authority);
        await bus.ConnectedAsync();
    }

    [Fact]
    public async Task Password_Right_Connects()
    {
        await using var servers = await NatsServers.StartAsync(more: Permissions("""publish: "t.>", subscribe: "t.>" """));
        await using var bus = new RunningBus(servers.Addresses, Password("secret\n"));
        await bus.ConnectedAsync();
        bus.Bus.TryPublish("t.a", "x"u8).ShouldBeTrue();
        bus.Bus.Problem.ShouldBeNull();
    }

    // It would hear the others, and nobody would hear it.
    [Theory]
    [InlineData("""publish: { deny: ">" }""", "Permissions Violation for Publish to \"t.echo\"")]
    [InlineData("""subscribe: { deny: ">" }""", "Permissions Violation for Subscription to \"t.echo\"")]
    public async Task User_WhoMayNotSpeakOrHear_IsNotConnectedUntilItMay(string permissions, string problem)
    {
        await using var servers = await NatsServers.StartAsync(more: Permissions(permissions));
        await using var bus = new RunningBus(servers.Addresses, Password("secret"));
        (await bus.LineAsync(Unreachable)).Text.ShouldContain(problem, Case.Sensitive);
        bus.Bus.Problem.ShouldNotBeNull().ShouldContain(problem, Case.Sensitive);
        bus.Bus.IsConnected.ShouldBeFalse();
        bus.Changes.ShouldBeEmpty();
        bus.Count(Refused).ShouldBe(0, "it is said once");

        servers.Reload(0, Permissions("""publish: "t.>", subscribe: "t.>" """));
        await bus.ConnectedAsync();
        bus.Bus.Problem.ShouldBeNull();
    }

    [Fact]
    public async Task User_WhoMayNotSpeakAnyMore_LosesTheConnectionWithTheReason()
    {
        await using var servers = await NatsServers.StartAsync(more: Permissions("""publish: "t.>", subscribe: "t.>" """));
        await using var bus = new RunningBus(servers.Addresses, Password("secret"));
        await bus.ConnectedAsync();

        servers.Reload(0, Permissions("""publish: { deny: ">" }, subscribe: "t.>" """));
        await Eventually.HoldsAsync("it is lost", () =>
        {
            bus.Bus.TryPublish("t.a", "x"u8);
            return bus.Changes.Contains(null);
        });
        await Eventually.HoldsAsync("it is said why", () => bus.Bus.Problem?.Contains("Permissions Violation") == true);
        bus.Bus.IsConnected.ShouldBeFalse();
    }

    [Fact]
    public async Task Publish_WhatTheUserMayNot_LosesTheConnectionWithTheReason()
    {
        await using var servers = await NatsServers.StartAsync(more: Permissions("""publish: "t.>", subscribe: "t.>" """));
        await using var bus = new RunningBus(servers.Addresses, Password("secret"));
        await bus.ConnectedAsync();
        bus.Bus.TryPublish("other.a", "x"u8).ShouldBeTrue();
        (await bus.LineAsync(Refused)).Text.ShouldContain("""Permissions Violation for Publish to "other.a""", Case.Sensitive);
        (await bus.LineAsync(Lost)).Text.ShouldContain("""Permissions Violation for Publish to "other.a""", Case.Sensitive);
    }

    [Fact]
    public async Task Password_Wrong_IsSaidAndTriedAgain()
    {
        await using var servers = await NatsServers.StartAsync(more: """authorization { user: "node", password: "secret" }""");
        var options = Password("wrong");
        await using var bus = new RunningBus(servers.Addresses, options);
        var line = await bus.LineAsync(Unreachable);
        line.Text.ShouldContain("Authorization Violation");

        Password("secret");
        await bus.ConnectedAsync();
        bus.Log.Lines.ShouldAllBe(other => !other.Text.Contains("wrong"));
    }

    private NatsOptions Options(TestAuthority trusted, TestAuthority? issuer = null)
    {
        using var certificate = (issuer ?? _authority).IssueClient("node");
        var (path, key) = (issuer ?? _authority).WriteClient(_directory.Path, certificate);
        return new NatsOptions
        {
            CaPath = _directory.Write("trusted.pem", trusted.Certificate.ExportCertificatePem()),
            CertificatePath = path,
            KeyPath = key,
        };
    }

    private static string Permissions(string permissions) => $$"""
        authorization { users: [ { user: "node", password: "secret", permissions: { {{permissions}} } } ] }
        """;

    private NatsOptions Password(string text) => new() { User = "node", PasswordPath = _directory.Write("password", text) };
}
