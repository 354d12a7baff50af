using System.Text.Json;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Integration;

/// <summary>The MQTT broker and health: what the canary proves, what it leaves behind, and what subscribers hear.</summary>
public class MqttHealthTests
{
    private const string HealthTopic = "$SYS/broker/health";

    [Fact]
    public async Task Canary_SeveralRounds_GoesAllTheWayAndIsInNoCount()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(Narrow);
        await using var client = await PlainMqttClient.ConnectAsync(broker, "c-1");
        (await client.SubscribeAsync("a/#")).ShouldBe(ReasonCode.GrantedQoS1);
        await client.PublishAsync("a");
        (await client.ReceiveAsync("the message"))!.Topic.ShouldBe("a");
        var mqtt = broker.Mqtt.Broker;
        await Eventually.HoldsAsync(
            "CONNECT, SUBSCRIBE, PUBLISH and PUBACK are counted", () => mqtt.Statistics is { PacketsReceived: 4, QueuedMessages: 0 });
        var before = Steady(mqtt);
        var rounds = broker.Now.Counts.CanarySuccesses;

        await broker.BecomesAsync("five more rounds", snapshot => snapshot.Counts.CanarySuccesses >= rounds + 5);

        Steady(mqtt).ShouldBe(before);
        var trip = broker.Events().Select(envelope => envelope.Event).OfType<CanarySucceeded>().Last();
        trip.Subscribe.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.Zero);
        trip.Deliver.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.Zero);
        mqtt.GetTopics().Select(topic => topic.Name).ShouldBe(["a"]);
        broker.Host.Connections.List().ShouldHaveSingleItem().ClientId.ShouldBe("c-1");
        broker.Now.ActiveListeners.ShouldBe(1);
        broker.Now.Broker.Connectivity.ShouldBe(Connectivity.Ok);
        broker.Events().ShouldNotContain(envelope => envelope.Event is CanaryFailed);
        broker.Events().Select(envelope => envelope.Event).OfType<SessionOpened>().ShouldHaveSingleItem().ClientId.ShouldBe("c-1");
        broker.Events().Select(envelope => envelope.Event).OfType<TopicCreated>().ShouldHaveSingleItem().Topic.ShouldBe("a");
    }

    [Fact]
    public async Task LoadSampled_ClientsPublish_CountsTheirMessagesAndNotTheCanarys()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(Narrow);
        await using var client = await PlainMqttClient.ConnectAsync(broker, "c-1");
        (await client.SubscribeAsync("a/#")).ShouldBe(ReasonCode.GrantedQoS1);
        await client.PublishAsync("a");
        (await client.ReceiveAsync("the message"))!.Topic.ShouldBe("a");
        await broker.BecomesAsync("three rounds of the canary", snapshot => snapshot.Counts.CanarySuccesses >= 3);

        var sample = await broker.HappensAsync<LoadSampled>("the message is in a sample", load => load.MessagesReceived > 0);
        sample.MessagesReceived.ShouldBe(1);
        sample.MessagesSent.ShouldNotBeNull().ShouldBeInRange(0, 1);
    }

    [Fact]
    public async Task CanaryTopics_AClientWithARuleForThem_MayNeitherPublishNorSubscribe()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Broker = options.Broker with { Access = [Rule("allow all * $canary/#"), Rule("allow all * #")] },
        });
        await using var client = await PlainMqttClient.ConnectAsync(broker, "$canary");

        (await client.SubscribeAsync("$canary/#")).ShouldBe(ReasonCode.NotAuthorized);
        (await client.SubscribeAsync("$canary/a")).ShouldBe(ReasonCode.NotAuthorized);
        (await client.SubscribeAsync("$canary")).ShouldBe(ReasonCode.NotAuthorized);
        (await client.SubscribeAsync("$share/g/$canary/+")).ShouldBe(ReasonCode.NotAuthorized);
        (await client.PublishAsync("$canary/a")).ShouldBe(ReasonCode.NotAuthorized);
        (await client.SubscribeAsync("#")).ShouldBe(ReasonCode.GrantedQoS1);
        (await client.SubscribeAsync("+/+")).ShouldBe(ReasonCode.GrantedQoS1);

        // The canary's own messages reach no wildcard either: what comes next is the client's own.
        var rounds = broker.Now.Counts.CanarySuccesses;
        await broker.BecomesAsync("two more rounds", snapshot => snapshot.Counts.CanarySuccesses >= rounds + 2);
        await client.PublishAsync("mine");
        (await client.ReceiveAsync("its own message"))!.Topic.ShouldBe("mine");
        broker.Now.Broker.Connectivity.ShouldBe(Connectivity.Ok, "a client that calls itself like the canary disturbs nothing");
    }

    [Fact]
    public async Task Connectivity_BrokerThatDeniesEverything_IsStillOk()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Broker = options.Broker with { Access = [], MaxSessions = 1 },
        });
        await using var client = await PlainMqttClient.ConnectAsync(broker, "the only one");
        var rounds = broker.Now.Counts.CanarySuccesses;

        await broker.BecomesAsync("two more rounds", snapshot => snapshot.Counts.CanarySuccesses >= rounds + 2);

        broker.Now.Broker.Connectivity.ShouldBe(Connectivity.Ok);
    }

    [Fact]
    public async Task Connectivity_MemoryIsExhausted_IsStillOk()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Broker = options.Broker with { MemoryLimit = 2 * 1024 * 1024 },
        });
        broker.Mqtt.Broker.Budget.Take(4 * 1024 * 1024);
        var rounds = broker.Now.Counts.CanarySuccesses;

        await broker.BecomesAsync("two more rounds", snapshot => snapshot.Counts.CanarySuccesses >= rounds + 2);

        broker.Now.Broker.Connectivity.ShouldBe(Connectivity.Ok);
        var others = broker.Mqtt.Broker.PublishAsync(new MqttMessage { Topic = "a" }, new CancellationToken(canceled: true)).AsTask();
        (await others.ContinueWith(task => task.IsCanceled))
            .ShouldBeTrue("others wait");
    }

    [Fact]
    public async Task Connectivity_WithoutACanary_IsUnknown()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Probing = options.Probing with { CanaryCertificatePath = null, CanaryKeyPath = null },
        });

        broker.Now.Broker.Connectivity.ShouldBe(Connectivity.Unknown);
        broker.Now.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task Connectivity_EndpointCloses_FailsAndComesBack()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();

        broker.Host.Rehearsals.CloseEndpoint(null).ShouldBeTrue();
        await broker.BecomesAsync("the canary fails", snapshot => snapshot.Broker.Connectivity == Connectivity.Failed);
        broker.Host.Rehearsals.Resume();
        await broker.BecomesAsync("the canary is back", snapshot => snapshot.Broker.Connectivity == Connectivity.Ok);
    }

    [Fact]
    public async Task HealthTopic_ASubscriber_GetsTheRetainedStateThenEachTransitionThenDraining()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var client = await PlainMqttClient.ConnectAsync(broker, "watcher");
        (await client.SubscribeAsync(HealthTopic)).ShouldBe(ReasonCode.GrantedQoS1);

        var first = (await client.ReceiveAsync("the retained state"))!;
        first.Retain.ShouldBeTrue();
        var state = Read(first);
        state.Epoch.ShouldBe(broker.Now.Epoch);

        broker.Host.Rehearsals.CloseEndpoint(null).ShouldBeTrue();
        while (state.Checks.Single(check => check.Name == CheckNames.Bind).Status != HealthStatus.Error)
        {
            var next = (await client.ReceiveAsync("the closed endpoint"))!;
            next.Retain.ShouldBeFalse();
            Read(next).Revision.ShouldBeGreaterThan(state.Revision);
            state = Read(next);
        }

        var stopping = broker.Host.StopAsync(TestContext.Current.CancellationToken);
        var last = state;
        while (await client.ReceiveAsync("goodbye") is { } message)
        {
            last = Read(message);
        }

        last.Phase.ShouldBe(Phase.Draining);
        await Eventually.CompletesAsync("the stop", stopping);
    }

    [Fact]
    public async Task HealthTopic_TicksStop_SaysThatTheProjectionIsStale()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var client = await PlainMqttClient.ConnectAsync(broker, "watcher");
        await client.SubscribeAsync(HealthTopic);

        broker.Host.Health.StopTicks();
        HealthSnapshot state;
        do
        {
            state = Read((await client.ReceiveAsync("the stale state"))!);
        }
        while (state.Checks.Single(check => check.Name == CheckNames.Projection).Reason != Reasons.ProjectionStale);

        state.Status.ShouldBe(HealthStatus.Error);
        broker.Host.Health.ResumeTicks();
        do
        {
            state = Read((await client.ReceiveAsync("the state after it"))!);
        }
        while (state.Status == HealthStatus.Error);
    }

    [Fact]
    public async Task Healthz_TopicsAndDrops_ComeFromTheBroker()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        for (var i = 0; i < 150; i++)
        {
            await broker.Mqtt.Broker.PublishAsync(new MqttMessage { Topic = $"t/{i:000}" }, TestContext.Current.CancellationToken);
        }

        // Fewer are published than there are; the sample counts them all.
        await broker.BecomesAsync("the topics are counted", snapshot => snapshot.Topics.Count == 150);
        broker.Now.Topics.Truncated.ShouldBeTrue();
        broker.Now.Topics.Names.Length.ShouldBe(100);
        broker.Events().Select(envelope => envelope.Event).OfType<LoadSampled>().Last().Topics.ShouldBe(150);

        broker.Mqtt.Broker.Counters.AddDropped(QualityOfService.AtMostOnce);
        await broker.BecomesAsync(
            "the loss shows",
            snapshot => snapshot.Checks.Single(check => check.Name == CheckNames.Backlog).Reason == Reasons.MessagesDropped);
        broker.Now.Ready.ShouldBeTrue();
        await broker.BecomesAsync(
            "the hold is over", snapshot => snapshot.Checks.Single(check => check.Name == CheckNames.Backlog).Status == HealthStatus.Ok);
    }

    // The canary has a place of its own, so it cannot say that there is none for others.
    [Fact]
    public async Task Readyz_NoSessionIsLeft_IsRedAndNamesTheIdentityThatHasThem()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Broker = options.Broker with { MaxSessions = 1 },
        });
        await using var client = await PlainMqttClient.ConnectAsync(broker, "c-1");

        var full = await broker.BecomesAsync("it has no room", snapshot => !snapshot.Ready);

        full.Status.ShouldBe(HealthStatus.Error);
        full.Checks.Single(check => check.FailsReadyz).ShouldSatisfyAllConditions(
            check => check.Name.ShouldBe(CheckNames.Capacity),
            check => check.Reason.ShouldBe(Reasons.SessionsFull),
            check => check.Message.ShouldBe("1 of 1 session exists: new clients are turned away; 'alice' holds most: 1"));
        full.Broker.Connectivity.ShouldBe(Connectivity.Ok);
    }

    /// <summary>Limits that the canary would not pass if it were anybody.</summary>
    private static Streams.Hosting.CassiniOptions Narrow(Streams.Hosting.CassiniOptions options) => options with
    {
        Broker = options.Broker with
        {
            MaxSessions = 1,
            MaxTopicLength = 3,
            MaxTopicLevels = 2,
            MaxSubscriptions = 1,
            MaxRetained = 0,
            MaxPublishRate = 1,
            MaxPacketSize = 1_024,
        },
    };

    private static AccessRule Rule(string text) =>
        AccessRule.TryParse(text, out var rule, out var error) ? rule : throw new ArgumentException(error);

    private static HealthSnapshot Read(Received message)
    {
        message.Topic.ShouldBe(HealthTopic);
        return JsonSerializer.Deserialize(message.Text, HealthJson.Snapshot)!;
    }

    /// <summary>
    /// The statistics without the one figure that moves by itself: what is published under $SYS grows and shrinks by some bytes.
    /// </summary>
    private static BrokerStatistics Steady(MqttBroker broker) => broker.Statistics with { QueuedBytes = 0 };
}
