using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using Cassini.Streams.Events;

namespace Cassini.Tests.Events;

public class EventJsonTests
{
    private static readonly Epoch Epoch = new(0x19a5c3e7f10);

    public static TheoryData<Type> EventTypes =>
        [.. typeof(BrokerEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(BrokerEvent))).OrderBy(type => type.Name)];

    [Theory]
    [MemberData(nameof(EventTypes))]
    public void Serialize_EachEventThereIs_CanBeReadBackExactly(Type type)
    {
        var original = ExampleOf(type);
        var envelope = new EventEnvelope(
            Epoch, 42, new DateTimeOffset(2026, 11, 22, 10, 15, 30, 500, TimeSpan.Zero), TimeSpan.FromTicks(123_456_789), original);
        using var json = JsonDocument.Parse(EventJson.Serialize(envelope));
        var root = json.RootElement;

        root.EnumerateObject().Select(property => property.Name).ShouldBe(["id", "time", "elapsed", "type", "category", "event"]);
        root.GetProperty("id").GetString().ShouldBe("0000019a5c3e7f10-42");
        root.GetProperty("time").GetString().ShouldBe("2026-11-22T10:15:30.500Z");
        root.GetProperty("elapsed").GetDecimal().ShouldBe(12.3456789m);
        root.GetProperty("type").GetString().ShouldBe(char.ToLowerInvariant(type.Name[0]) + type.Name[1..]);
        root.GetProperty("category").GetString().ShouldBe(original.Category.ToString().ToLowerInvariant());
        root.GetProperty("event").TryGetProperty("category", out _).ShouldBeFalse("the envelope has it");
        root.GetProperty("event").Deserialize(type, EventJson.Options).ShouldBe(original);
        EventJson.TryRead(EventJson.Serialize(envelope), out var read, out var error).ShouldBe(EventLine.Event, error);
        read.ShouldBe(envelope);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData(
        """{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"phaseEntered","event":{"phase":"ready"}""")]
    [InlineData(
        """{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"phaseEntered","event":{"phase":"ready"}} {}""")]
    [InlineData(
        """{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"phaseEntered","event":{"phase":"asleep"}}""")]
    [InlineData("""{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"phaseEntered","event":{}}""")]
    [InlineData("""{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"phaseEntered","event":null}""")]
    [InlineData(
        """{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1e30,"type":"phaseEntered","event":{"phase":"ready"}}""")]
    [InlineData("""{"id":"17","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"phaseEntered","event":{"phase":"ready"}}""")]
    [InlineData(
        """
        {"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"restarted",
        "event":{"component":{"kind":"broker"},"attempt":1}}
        """)]
    [InlineData(
        """
        {"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"restarted",
        "event":{"component":{"kind":"broker","name":null},"attempt":1}}
        """)]
    [InlineData(
        """{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"topicCreated","event":{"topic":null}}""")]
    [InlineData("""{"id":17,"time":"yesterday","elapsed":"1","type":null,"event":3}""")]
    public void TryRead_WhatIsNoEvent_IsMalformedAndSaysWhy(string line)
    {
        EventJson.TryRead(System.Text.Encoding.UTF8.GetBytes(line), out var envelope, out var error).ShouldBe(EventLine.Malformed);
        envelope.ShouldBeNull();
        error.ShouldStartWith("not an event: ");
    }

    /// <summary>They have their identity and address only as of a later version.</summary>
    [Theory]
    [InlineData("clientRefused", """{"connectionId":1,"reason":"NotAuthorized","detail":"no"}""")]
    [InlineData("protocolViolated", """{"connectionId":1,"reason":"MalformedPacket","clause":"§1","detail":"bad"}""")]
    [InlineData("accessDenied", """{"connectionId":1,"identity":"a","action":"publish","topic":"t","detail":null}""")]
    public void TryRead_AnEventOfAnOlderVersion_IsReadWithoutWhatItHadNot(string type, string body)
    {
        var line = $$"""{"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"{{type}}","event":{{body}}}""";

        EventJson.TryRead(System.Text.Encoding.UTF8.GetBytes(line), out var envelope, out var error).ShouldBe(EventLine.Event, error);

        envelope.ShouldNotBeNull().Event.GetType().GetProperty("RemoteAddress").ShouldNotBeNull().GetValue(envelope.Event).ShouldBeNull();
    }

    [Fact]
    public void TryRead_AnEventOfANewerVersion_IsUnknownAndNotMalformed()
    {
        EventJson.TryRead(
            """
            {"event":{"depth":3},"id":"0000019a5c3e7f10-1","time":"2026-11-22T10:15:30.500Z","elapsed":1,"type":"abyssEntered",
            "mood":["new"]}
            """u8,
            out _,
            out var error).ShouldBe(EventLine.UnknownType);
        error.ShouldBe("an event of an unknown type, 'abyssEntered'");
    }

    [Fact]
    public void Serialize_Values_AreWordsSecondsAndOneLine()
    {
        var bytes = EventJson.Serialize(new EventEnvelope(
            Epoch, 1, DateTimeOffset.UnixEpoch, TimeSpan.Zero,
            new HandshakeFailed(5, HandshakeFailure.NoCertificate, "two\nlines\r", TimeSpan.FromMilliseconds(1500))));
        var text = System.Text.Encoding.UTF8.GetString(bytes);

        text.ShouldContain("\"event\":{\"connectionId\":5,\"reason\":\"noCertificate\",\"detail\":\"two\\nlines\\r\",\"duration\":1.5");
        text.ShouldNotContain('\n');
        text.ShouldNotContain('\r');
    }

    /// <summary>An event of this type with something in every property.</summary>
    internal static BrokerEvent ExampleOf(Type type) => (BrokerEvent)Example(type);

    private static object Example(Type type) =>
        type == typeof(string) ? "te\"xt ✓"
        : type == typeof(int) ? 3
        : type == typeof(long) ? long.MaxValue
        : type == typeof(bool) ? true
        : type == typeof(TimeSpan) ? TimeSpan.FromTicks(9_876_543_210_987)
        : type == typeof(DateTimeOffset) ? new DateTimeOffset(2027, 1, 2, 3, 4, 5, 678, TimeSpan.Zero)
        : type == typeof(EventId) ? new EventId(Epoch, 7)
        : Nullable.GetUnderlyingType(type) is { } inner ? Example(inner)
        : type.IsEnum ? Enum.GetValues(type).Cast<object>().Last()
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) ? ExampleArray(type.GenericTypeArguments[0])
        : Construct(type);

    private static object ExampleArray(Type item)
    {
        var items = Array.CreateInstance(item, 2);
        ((IList)items)[0] = Example(item);
        ((IList)items)[1] = Example(item);
        return typeof(ImmutableArray).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Single(method => method.Name == "Create" && method.GetParameters() is [{ ParameterType.IsArray: true }])
            .MakeGenericMethod(item).Invoke(null, [items])!;
    }

    private static object Construct(Type type)
    {
        var constructor = type.GetConstructors().OrderByDescending(candidate => candidate.GetParameters().Length).First();
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => Example(parameter.ParameterType))]);
    }
}
