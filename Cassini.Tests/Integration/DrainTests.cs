using System.Collections.Concurrent;
using System.Net;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Tests.Integration;

public class DrainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_NothingHolds_EveryStageCompletesInOrder()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var client = await PlainMqttClient.ConnectAsync(broker, "client");

        await Eventually.CompletesAsync("the stop", broker.Host.StopAsync(Token));

        Stages(broker).Select(stage => (stage.Stage, stage.Outcome)).ShouldBe(
        [
            (DrainStage.Announce, PhaseOutcome.Completed),
            (DrainStage.StopAccepting, PhaseOutcome.Completed),
            (DrainStage.StopIntake, PhaseOutcome.Completed),
            (DrainStage.Deliver, PhaseOutcome.Completed),
            (DrainStage.CloseSessions, PhaseOutcome.Completed),
        ]);
        Happened<DrainStageEntered>(broker).Select(stage => stage.Deadline).ShouldBe(
            [TimeSpan.Zero, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(5)]);
        Stages(broker)[^1].ShouldSatisfyAllConditions(last => last.Sessions.ShouldBe(0), last => last.Messages.ShouldBe(0));
        Happened<PhaseLeft>(broker)[^1].ShouldSatisfyAllConditions(
            left => left.Phase.ShouldBe(Phase.Draining), left => left.Outcome.ShouldBe(PhaseOutcome.Completed));
        (await client.ReceiveAsync("goodbye")).ShouldBeNull();
    }

    [Fact]
    public async Task Stop_ReadinessDelay_NewClientsAreServedWhileReadinessIsRed()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Drain = options.Drain with { ReadinessDelay = TimeSpan.FromMinutes(5) },
        });
        using var force = new CancellationTokenSource();

        var stopping = broker.Host.StopAsync(force.Token);
        var draining = await broker.BecomesAsync("readiness is red", snapshot => !snapshot.Ready);
        draining.Phase.ShouldBe(Phase.Draining);
        draining.Live.ShouldBeTrue();
        await using var late = await PlainMqttClient.ConnectAsync(broker, "late");
        (await late.PublishAsync("jobs")).ShouldBe(ReasonCode.NoMatchingSubscribers);
        stopping.IsCompleted.ShouldBeFalse();

        await force.CancelAsync();
        await Eventually.CompletesAsync("the forced stop", stopping);
        Stages(broker)[0].ShouldSatisfyAllConditions(
            stage => stage.Stage.ShouldBe(DrainStage.Announce), stage => stage.Outcome.ShouldBe(PhaseOutcome.Forced));
        Happened<PhaseLeft>(broker)[^1].Outcome.ShouldBe(PhaseOutcome.Forced);
    }

    [Fact]
    public async Task Stop_LongDrain_HealthIsDegradedAndNoCheckFails()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Health = options.Health with { Window = TimeSpan.FromSeconds(3), Tick = TimeSpan.FromMilliseconds(100) },
        });
        await using var silent = await SilentAsync(broker);
        using var force = new CancellationTokenSource();

        var stopping = broker.Host.StopAsync(force.Token);
        var began = broker.Now.UptimeSeconds;
        await broker.BecomesAsync("two windows of draining have passed", snapshot => snapshot.UptimeSeconds > began + 6);

        broker.Now.Status.ShouldBe(HealthStatus.Degraded);
        broker.Now.Checks.Where(check => check.Status > HealthStatus.Ok && check.Status != HealthStatus.Off).Select(check => check.Reason)
            .ShouldBe([Reasons.Draining]);
        broker.Now.Live.ShouldBeTrue();
        await force.CancelAsync();
        await Eventually.CompletesAsync("the forced stop", stopping);
    }

    [Fact]
    public async Task Stop_ClientThatDoesNotAcknowledge_IsCutAtTheDeadlineAndCounted()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Drain = options.Drain with { SessionTimeout = TimeSpan.FromMilliseconds(300) },
        });
        await using var silent = await SilentAsync(broker);

        await Eventually.CompletesAsync("the stop", broker.Host.StopAsync(Token));

        var deliver = Stages(broker).Single(stage => stage.Stage == DrainStage.Deliver);
        deliver.ShouldSatisfyAllConditions(
            stage => stage.Outcome.ShouldBe(PhaseOutcome.Forced), stage => stage.Sessions.ShouldBe(1), stage => stage.Messages.ShouldBe(1));
        Happened<PhaseLeft>(broker)[^1].Outcome.ShouldBe(PhaseOutcome.Forced);
    }

    /// <summary>What makes a drain worth its name: whatever a publisher saw acknowledged, the subscriber has.</summary>
    [Theory]
    [InlineData(MqttQualityOfServiceLevel.AtLeastOnce)]
    [InlineData(MqttQualityOfServiceLevel.ExactlyOnce)]
    public async Task Stop_UnderLoad_NothingAcknowledgedIsLost(MqttQualityOfServiceLevel qos)
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        var received = new ConcurrentDictionary<string, int>();
        using var subscriber = await ConnectAsync(broker, "subscriber");
        subscriber.ApplicationMessageReceivedAsync += message =>
        {
            received.AddOrUpdate(message.ApplicationMessage.ConvertPayloadToString(), 1, (_, times) => times + 1);
            return Task.CompletedTask;
        };
        await subscriber.SubscribeAsync("load/#", qos, Token);
        var acknowledged = new ConcurrentBag<string>();
        var publishers = Enumerable.Range(0, 4).Select(n => PublishUntilDisconnectedAsync(broker, n, qos, acknowledged)).ToArray();

        await Eventually.HoldsAsync("the load flows", () => acknowledged.Count > 200);
        await Eventually.CompletesAsync("the stop", broker.Host.StopAsync(Token));
        await Eventually.CompletesAsync("the publishers end", Task.WhenAll(publishers));
        await Eventually.HoldsAsync("the subscriber is disconnected", () => !subscriber.IsConnected);

        acknowledged.Where(message => !received.ContainsKey(message)).ShouldBeEmpty();
        if (qos == MqttQualityOfServiceLevel.ExactlyOnce)
        {
            received.Where(pair => pair.Value > 1).ShouldBeEmpty();
        }

        Stages(broker).ShouldAllBe(stage => stage.Outcome == PhaseOutcome.Completed);
    }

    private static async Task PublishUntilDisconnectedAsync(
        RunningBroker broker, int number, MqttQualityOfServiceLevel qos, ConcurrentBag<string> acknowledged)
    {
        using var client = await ConnectAsync(broker, $"publisher-{number}");
        for (var i = 0; client.IsConnected; i++)
        {
            var text = $"{number}/{i}";
            try
            {
                var result = await client.PublishStringAsync($"load/{number}", text, qos, retain: false, Token);
                if (result.IsSuccess)
                {
                    acknowledged.Add(text);
                }
            }
            catch (Exception gone) when (gone is not OperationCanceledException || !Token.IsCancellationRequested)
            {
                return; // disconnected in the middle of it: not acknowledged
            }
        }
    }

    private static async Task<IMqttClient> ConnectAsync(RunningBroker broker, string clientId)
    {
        var endpoint = IPEndPoint.Parse(broker.Now.Endpoints[0].Address);
        var client = new MqttClientFactory().CreateMqttClient();
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer(endpoint.Address.ToString(), endpoint.Port)
            .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500)
            .WithClientId(clientId)
            .WithTlsOptions(tls => tls.UseTls().WithCertificateValidationHandler(_ => true)
                .WithClientCertificates([broker.Authority.IssueClient(clientId)]))
            .Build();
        (await client.ConnectAsync(options, Token)).ResultCode.ShouldBe(MqttClientConnectResultCode.Success);
        return client;
    }

    /// <summary>A client with one message that it never acknowledges.</summary>
    private static async Task<PlainMqttClient> SilentAsync(RunningBroker broker)
    {
        var silent = await PlainMqttClient.ConnectAsync(broker, "silent");
        await silent.SubscribeAsync("jobs");
        await broker.Mqtt.Broker.PublishAsync(
            new MqttMessage { Topic = "jobs", Payload = "one"u8.ToArray(), QoS = QualityOfService.AtLeastOnce }, Token);
        return silent;
    }

    private static List<DrainStageLeft> Stages(RunningBroker broker) => Happened<DrainStageLeft>(broker);

    private static List<T> Happened<T>(RunningBroker broker)
        where T : BrokerEvent => [.. broker.Events().Select(envelope => envelope.Event).OfType<T>()];
}
