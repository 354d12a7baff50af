using System.Diagnostics;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Mqtt;
using CsCheck;

namespace Cassini.Tests.Broker;

/// <summary>Trace context in user properties.</summary>
public class TraceContextTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true, true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true, false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true, true)]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-has", true, true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false, false)]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more", false, false)]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false, false)]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false, false)]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01", false, false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false, false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", false, false)]
    [InlineData("00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01", false, false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz", false, false)]
    [InlineData("", false, false)]
    [InlineData("ümläut", false, false)]
    public void Traceparent_OfAnyForm_IsReadOrIgnored(string parent, bool exists, bool isSampled)
    {
        var context = TraceContext.Of(Properties(("traceparent", parent)));

        context.Exists.ShouldBe(exists);
        context.IsSampled.ShouldBe(isSampled);
        (context.ToActivityContext().TraceId.ToHexString() == "0af7651916cd43dd8448eb211c80319c").ShouldBe(exists);
    }

    [Fact]
    public void Traceparent_Twice_IsIgnored() =>
        TraceContext.Of(Properties(("traceparent", Parent), ("traceparent", Parent))).Exists.ShouldBeFalse();

    [Fact]
    public void Tracestate_InPieces_IsOneInTheirOrder() =>
        TraceContext.Of(Properties(("tracestate", "a=1"), ("traceparent", Parent), ("tracestate", "b=2")))
            .ToActivityContext().TraceState
            .ShouldBe("a=1,b=2");

    [Fact]
    public void Properties_UnderASpan_HaveItOnceAndEverythingElseAsItWas() => Gen.Select(
        GeneratedPackets.Properties(
            PropertyOwner.Publish, PropertyId.TopicAlias, PropertyId.MessageExpiryInterval, PropertyId.SubscriptionIdentifier),
        Gens.OneOf("none", Parent, "malformed").Array[0, 2],
        Gen.Int[0, 5]).Sample((properties, parents, at) =>
    {
        var own = parents.Where(parent => parent != "none").Select(parent => new UserProperty("traceparent", parent)).ToList();
        var others = properties.UserProperties;
        var given = properties with { UserProperties = others.InsertRange(Math.Min(at, others.Length), own) };
        var span = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

        var got = MessageProperties.Decode(TraceContext.Of(MessageProperties.Encode(given)).PropertiesUnder(span));

        got.UserProperties.ShouldBe(others.Add(new UserProperty("traceparent", $"00-{span.TraceId}-{span.SpanId}-01")));
        MessageProperties.Encode(got with { UserProperties = [] }).ShouldBe(MessageProperties.Encode(given with { UserProperties = [] }));
    });

    [Fact]
    public void Tracestate_WithoutATraceToGoOn_IsLeftOut()
    {
        var span = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var given = Properties(("a", "1"), ("tracestate", "x=1"), ("traceparent", "malformed"), ("b", "2"));

        MessageProperties.Decode(TraceContext.Of(given).PropertiesUnder(span)).UserProperties.Select(property => property.Name)
            .ShouldBe(["a", "b", "traceparent"]);
    }

    private static byte[] Properties(params (string Name, string Value)[] properties) => MessageProperties.Encode(
        PropertySet.Empty with
        {
            ContentType = "text/plain",
            UserProperties = [.. properties.Select(property => new UserProperty(property.Name, property.Value))],
        });
}
