using System.Diagnostics;
using Cassini.Streams.Broker;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Messages that are traced, and messages that a trace must not change.</summary>
public class MessageTraceTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string SpanId = "b7ad6b7169203331";
    private const string Sampled = $"00-{TraceId}-{SpanId}-01";
    private const string NotSampled = $"00-{TraceId}-{SpanId}-00";

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Publish_OfASampledTrace_GoesOnUnderTheBrokersSpan(QualityOfService qos)
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source);
        var subscriber = await rig.ConnectAsync("s");
        await subscriber.SubscribeAsync("a/#");
        var publisher = await rig.ConnectAsync("p");

        await publisher.PublishAsync(
            "a/b", "x", qos, properties: Properties(("k", "1"), ("traceparent", Sampled), ("tracestate", "v=1"), ("k", "2")));
        var got = await subscriber.ExpectPublishAsync("a/b", "x");
        await AcknowledgeAsync(subscriber, got);
        var publish = await spans.EndsAsync("publish");
        var deliver = await spans.EndsAsync("deliver");

        publish.TraceId.ToHexString().ShouldBe(TraceId);
        publish.ParentSpanId.ToHexString().ShouldBe(SpanId);
        publish.Kind.ShouldBe(ActivityKind.Consumer);
        publish.TraceStateString.ShouldBe("v=1");
        publish.GetTagItem("messaging.system").ShouldBe("mqtt");
        publish.GetTagItem("messaging.destination.name").ShouldBe("a/b");
        publish.GetTagItem("messaging.client.id").ShouldBe("p");
        publish.GetTagItem("messaging.message.body.size").ShouldBe(1);
        publish.GetTagItem("cassini.mqtt.qos").ShouldBe((int)qos);
        publish.GetTagItem("cassini.deliveries").ShouldBe(1);
        deliver.ParentSpanId.ShouldBe(publish.SpanId);
        deliver.Kind.ShouldBe(ActivityKind.Producer);
        deliver.GetTagItem("messaging.client.id").ShouldBe("s");
        deliver.Status.ShouldBe(ActivityStatusCode.Unset);
        got.Properties.UserProperties.ShouldBe(
            [new("k", "1"), new("tracestate", "v=1"), new("k", "2"), new("traceparent", $"00-{TraceId}-{publish.SpanId}-01")]);
    }

    // Spans end on the thread pool, where an uncaught exception ends the process.
    [Fact]
    public async Task Listener_ThatThrowsAtTheEndOfASpan_IsLoggedAndHarmsNothing()
    {
        using var source = new ActivitySource("Cassini");
        using var listener = new ActivityListener
        {
            ShouldListenTo = heard => ReferenceEquals(heard, source),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ => throw new InvalidOperationException("a listener's bug"),
        };
        ActivitySource.AddActivityListener(listener);
        var logger = new RecordingLogger<MqttBroker>();
        await using var rig = new BrokerRig(spans: source, logger: logger);
        var publisher = await rig.ConnectAsync("p");

        await publisher.PublishAsync("a", "x", QualityOfService.AtLeastOnce, properties: Properties(("traceparent", Sampled)));

        await Eventually.HoldsAsync("it is logged", () => logger.Entries.Any(entry => entry.Exception?.Message == "a listener's bug"));
        await publisher.PublishAsync("a", "y", QualityOfService.AtLeastOnce);
    }

    [Theory]
    [InlineData(NotSampled)]
    [InlineData("malformed")]
    public async Task Publish_OfNoSampledTrace_GoesOnUnchanged(string parent)
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source);
        var subscriber = await rig.ConnectAsync("s");
        await subscriber.SubscribeAsync("a");
        await (await rig.ConnectAsync("p")).PublishAsync("a", "x", properties: Properties(("traceparent", parent), ("k", "1")));

        (await subscriber.ExpectPublishAsync("a", "x")).Properties.UserProperties.ShouldBe([new("traceparent", parent), new("k", "1")]);
        spans.Ended.ShouldBeEmpty();
    }

    [Fact]
    public async Task Publish_NothingListens_IsUnchanged()
    {
        using var source = new ActivitySource("Cassini");
        await using var rig = new BrokerRig(spans: source, traceRatio: 1);
        var subscriber = await rig.ConnectAsync("s");
        await subscriber.SubscribeAsync("a");
        await (await rig.ConnectAsync("p")).PublishAsync("a", "x", properties: Properties(("traceparent", Sampled)));

        (await subscriber.ExpectPublishAsync("a", "x")).Properties.UserProperties.ShouldBe([new("traceparent", Sampled)]);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Publish_WithoutATrace_BeginsOneByTheRatio(int version)
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        var modern = await rig.ConnectAsync("s5");
        var old = await rig.ConnectAsync("s4", version: 4);
        await modern.SubscribeAsync("a");
        await old.SubscribeAsync("a");
        await (await rig.ConnectAsync("p", version)).PublishAsync("a", "x", QualityOfService.AtLeastOnce, retain: true);

        var got = await modern.ExpectPublishAsync("a", "x");
        (await old.ExpectPublishAsync("a", "x")).Properties.ShouldBe(PropertySet.Empty);
        var publish = await spans.EndsAsync("publish");
        got.Properties.UserProperties.ShouldBe([new("traceparent", $"00-{publish.TraceId}-{publish.SpanId}-01")]);
        publish.GetTagItem("network.protocol.version").ShouldBe(version == 5 ? "5.0" : "3.1.1");
    }

    [Theory]
    [InlineData(null, QualityOfService.AtMostOnce)]
    [InlineData(null, QualityOfService.AtLeastOnce)]
    [InlineData(Sampled, QualityOfService.AtMostOnce)]
    [InlineData(Sampled, QualityOfService.AtLeastOnce)]
    public async Task Retained_OfATracedMessage_IsWhatThePublisherSent(string? parent, QualityOfService qos)
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        var early = await rig.ConnectAsync("early");
        await early.SubscribeAsync("a");
        var own = parent is null ? Properties(("k", "1")) : Properties(("k", "1"), ("traceparent", parent));
        await (await rig.ConnectAsync("p")).PublishAsync("a", "x", qos, retain: true, properties: own);
        var publish = await spans.EndsAsync("publish");
        (await early.ExpectPublishAsync("a", "x")).Properties.UserProperties
            .ShouldBe([new("k", "1"), new("traceparent", $"00-{publish.TraceId}-{publish.SpanId}-01")]);

        var late = await rig.ConnectAsync("late");
        await late.SubscribeAsync("a");
        (await late.ExpectPublishAsync("a", "x")).Properties.UserProperties.ShouldBe(own.UserProperties);
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    public async Task Retained_PacketWithTraceIsTooLong_IsDeliveredWithoutIt(QualityOfService qos)
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        await (await rig.ConnectAsync("p")).PublishAsync("a", "x", qos, retain: true, properties: Properties(("k", "1")));
        await spans.EndsAsync("publish");
        var subscriber = await rig.ConnectAsync(
            "s", change: connect => connect with { Properties = connect.Properties with { MaximumPacketSize = 60 } });
        await subscriber.SubscribeAsync("a");

        (await subscriber.ExpectPublishAsync("a", "x")).Properties.UserProperties.ShouldBe([new("k", "1")]);
        rig.Broker.Counters.TooLarge.ShouldBe(0);
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    public async Task Deliver_PacketWithTraceIsTooLong_IsDeliveredWithoutIt(QualityOfService qos)
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        var subscriber = await rig.ConnectAsync(
            "s",
            change: connect => connect with { Properties = connect.Properties with { MaximumPacketSize = 60, TopicAliasMaximum = 3 } });
        await subscriber.SubscribeAsync("a");
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("a", "x", qos, properties: Properties(("k", "1")));

        (await subscriber.ExpectPublishAsync("a", "x")).Properties.UserProperties.ShouldBe([new("k", "1")]);
        rig.Broker.Counters.TooLarge.ShouldBe(0);
    }

    [Fact]
    public async Task Deliver_QoS1_EndsWithTheAcknowledgement()
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        var subscriber = await rig.ConnectAsync("s");
        await subscriber.SubscribeAsync("a");
        await (await rig.ConnectAsync("p")).PublishAsync("a", "x", QualityOfService.AtLeastOnce);
        var got = await subscriber.ExpectPublishAsync("a", "x");
        await spans.EndsAsync("publish");
        spans.Ended.ShouldNotContain(span => span.OperationName == "deliver");

        rig.Advance(2);
        await AcknowledgeAsync(subscriber, got);
        (await spans.EndsAsync("deliver")).Duration.ShouldBe(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Deliver_SessionEndsBeforeTheAcknowledgement_IsAnError()
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        var subscriber = await rig.OpenAsync("s");
        await subscriber.Client.SubscribeAsync("a");
        await (await rig.ConnectAsync("p")).PublishAsync("a", "x", QualityOfService.AtLeastOnce);
        await subscriber.Client.ExpectPublishAsync("a", "x");

        await subscriber.LoseAsync();

        (await spans.EndsAsync("deliver")).Status.ShouldBe(ActivityStatusCode.Error);
    }

    [Fact]
    public async Task Deliver_ToVeryMany_HasSpansForSomeOnly()
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        for (var i = 0; i < 40; i++)
        {
            await (await rig.ConnectAsync($"s{i}")).SubscribeAsync("a");
        }

        await (await rig.ConnectAsync("p")).PublishAsync("a", "x");
        (await spans.EndsAsync("publish")).GetTagItem("cassini.deliveries").ShouldBe(40);
        await Eventually.HoldsAsync("the deliveries end", () => spans.Ended.Count(span => span.OperationName == "deliver") == 32);
    }

    [Fact]
    public async Task Publish_OfTheCanary_IsNotTraced()
    {
        using var spans = new RecordedSpans();
        await using var rig = new BrokerRig(spans: spans.Source, traceRatio: 1);
        var probe = rig.Open(isProbe: true);
        await probe.Client.ConnectAsync(probe.Client.Connect("probe"));
        await probe.Client.PublishAsync("a", "x", QualityOfService.AtLeastOnce, properties: Properties(("traceparent", Sampled)));

        spans.Ended.ShouldBeEmpty();
    }

    private static PropertySet Properties(params (string Name, string Value)[] properties) =>
        PropertySet.Empty with { UserProperties = [.. properties.Select(property => new UserProperty(property.Name, property.Value))] };

    private static async Task AcknowledgeAsync(MqttTestClient subscriber, ReceivedPublish got)
    {
        if (got.QoS == QualityOfService.AtLeastOnce)
        {
            await subscriber.AckAsync(PacketType.PubAck, got.PacketId);
        }
        else if (got.QoS == QualityOfService.ExactlyOnce)
        {
            await subscriber.AckAsync(PacketType.PubRec, got.PacketId);
            await subscriber.ExpectAckAsync(PacketType.PubRel, got.PacketId);
            await subscriber.AckAsync(PacketType.PubComp, got.PacketId);
        }
    }
}
