using Cassini.Streams.Events;
using Cassini.Streams.Probing;
using Cassini.Tests.Listening;
using static Cassini.Tests.Probing.Probers;

namespace Cassini.Tests.Probing;

/// <summary>The canary's round trips in MQTT.</summary>
public class MqttCanaryTests
{
    [Fact]
    public async Task CanaryInMqtt_AllIsWell_ReportsTheTimeOfEveryStage()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new ScriptedBroker());
        await using var loop = RunInMqtt(rig, WithCanary(rig));

        var trips = await rig.Events.WaitForCountAsync<CanarySucceeded>(3, "three trips");

        trips.ShouldAllBe(trip => trip.Subscribe > TimeSpan.Zero && trip.Deliver > TimeSpan.Zero
            && trip.Total == trip.Connect + trip.Handshake + trip.Session + trip.Subscribe + trip.Deliver);
        rig.Events.Events.ShouldAllBe(e => e is CanarySucceeded || e.Category == EventCategory.Listener);
    }

    public static TheoryData<string, CanaryStage, CanaryFailure, string> MqttFailures => new()
    {
        { nameof(Fault.ConnectRefused), CanaryStage.Session, CanaryFailure.Refused, "ServerBusy: come back later" },
        { nameof(Fault.Silent), CanaryStage.Session, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.Garbage), CanaryStage.Session, CanaryFailure.WrongAnswer, "not a packet" },
        { nameof(Fault.Closed), CanaryStage.Session, CanaryFailure.ConnectionFailed, "closed" },
        { nameof(Fault.SubscribeRefused), CanaryStage.Subscribe, CanaryFailure.Refused, "NotAuthorized" },
        { nameof(Fault.SubscribeForgotten), CanaryStage.Subscribe, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.GrantedLess), CanaryStage.Subscribe, CanaryFailure.WrongAnswer, "QoS 0" },
        { nameof(Fault.Disconnected), CanaryStage.Subscribe, CanaryFailure.Refused, "ServerShuttingDown" },
        { nameof(Fault.MessageLost), CanaryStage.Deliver, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.AcknowledgementLost), CanaryStage.Deliver, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.PublishRefused), CanaryStage.Deliver, CanaryFailure.Refused, "QuotaExceeded" },
        { nameof(Fault.OtherPayload), CanaryStage.Deliver, CanaryFailure.WrongMessage, "changed" },
        { nameof(Fault.OtherTopic), CanaryStage.Deliver, CanaryFailure.WrongMessage, "another topic" },
        { nameof(Fault.Twice), CanaryStage.Deliver, CanaryFailure.WrongMessage, "twice" },
    };

    [Theory]
    [MemberData(nameof(MqttFailures))]
    public async Task CanaryInMqtt_BrokerIsFaulty_NamesTheStageAndTheReason(
        string fault, CanaryStage stage, CanaryFailure reason, string detail)
    {
        await using var rig = await ListeningRig.StartAsync(handler: new ScriptedBroker(Enum.Parse<Fault>(fault)));

        var patience = TimeSpan.FromSeconds(reason == CanaryFailure.TimedOut ? 2 : 20);
        await using var loop = RunInMqtt(rig, WithCanary(rig) with { CanaryTimeout = patience });

        (await rig.Events.WaitForAsync<CanaryFailed>("the failure")).ShouldSatisfyAllConditions(
            e => e.Stage.ShouldBe(stage),
            e => e.Reason.ShouldBe(reason),
            e => e.Detail.ShouldContain(detail),
            e => e.Endpoint.ShouldBe("127.0.0.1:0"));
    }

    private static Loop RunInMqtt(ListeningRig rig, ProbingOptions options) =>
        new(Probers.Of(rig, options, speaksMqtt: true).RunCanaryAsync);
}
