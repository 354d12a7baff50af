using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Tests.Interop;
using Cassini.Tests.Support;
using MQTTnet;
using MQTTnet.Exceptions;

namespace Cassini.Tests.Harness;

public class MqttConnectionTests
{
    public static TheoryData<Exception> Defects =>
        [
            new InvalidOperationException(), new ObjectDisposedException("x"), new NullReferenceException(),
            new ArgumentException(), new NotSupportedException(),
        ];

    public static TheoryData<Exception> Failures =>
        [
            new IOException(), new System.Net.Sockets.SocketException(), new MqttCommunicationException("x"),
            new OperationCanceledException(), new MqttClientNotConnectedException(),
        ];

    [Theory]
    [MemberData(nameof(Defects))]
    public void Exception_OfOurOwn_IsNoFailureOfTheConnection(Exception exception) =>
        ConnectionFailure.IsExpected(exception).ShouldBeFalse();

    [Theory]
    [MemberData(nameof(Failures))]
    public void Exception_OfTheNetwork_IsAFailureOfTheConnection(Exception exception) =>
        ConnectionFailure.IsExpected(exception).ShouldBeTrue();

    [Fact]
    public async Task Publish_AfterDispose_IsADefectOfTheCaller()
    {
        await using var host = await MqttHost.StartAsync();
        var connection = await OpenAsync(host);
        await connection.DisposeAsync();

        await Should.ThrowAsync<ObjectDisposedException>(
            connection.PublishAsync(new MqttApplicationMessage { Topic = "t" }, CancellationToken.None));
    }

    [Fact]
    public async Task Broker_ThatEnds_IsTheReasonOfTheLossAndOfEachPublishAfterIt()
    {
        var host = await MqttHost.StartAsync();
        var address = AddressOf(host);
        await using var connection = await OpenAsync(host);

        await host.DisposeAsync();

        var loss = await Eventually.CompletesAsync("the loss", connection.Loss);
        loss.Message.ShouldStartWith($"{address}: ");
        (await Should.ThrowAsync<ClientException>(
            connection.PublishAsync(new MqttApplicationMessage { Topic = "t" }, CancellationToken.None))).ShouldBe(loss);
        connection.Lost.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task Dispose_SessionWouldBeKept_EndsIt()
    {
        await using var host = await MqttHost.StartAsync();
        var connection = await OpenAsync(host, expirySeconds: 300);
        host.Host.Broker.Statistics.Sessions.ShouldBe(1);

        await connection.DisposeAsync();

        await Eventually.BecomesAsync(
            "the session ends", () => host.Host.Broker.Statistics, statistics => statistics is { Sessions: 0, OpenSessions: 0 });
    }

    /// <summary>No connection brings this about: MQTTnet does not know the QoS.</summary>
    [Fact]
    public async Task Publisher_WhosePublishIsADefect_EndsTheRunWithIt()
    {
        await using var host = await MqttHost.StartAsync();
        var order = new LoadOrder(
            new LoadRun(1, 1, 0), AddressOf(host), [new PlanPublisher { Index = 0, Name = "p", Topic = "t", Messages = 10, Qos = 3 }], []);
        await using var engine = new LoadEngine(order, _ => Identity(host), null, TimeProvider.System);
        await engine.PrepareAsync(CancellationToken.None);

        await Should.ThrowAsync<NotSupportedException>(Eventually.CompletesAsync("the run ends", engine.Start()));
    }

    private static BrokerAddress AddressOf(MqttHost host) => new("main", "127.0.0.1", host.Address.Port, "localhost");

    private static TlsIdentity Identity(MqttHost host)
    {
        var (certificate, key) = host.Write("tool");
        return new TlsFiles(TlsSettingNames.Plan, host.CaPath, certificate, key).Read();
    }

    private static Task<MqttConnection> OpenAsync(MqttHost host, uint expirySeconds = 0) => MqttConnection.OpenAsync(
        AddressOf(host), Identity(host), new MqttConnectOptions("tool") { SessionExpirySeconds = expirySeconds }, TimeProvider.System, null,
        CancellationToken.None);
}
