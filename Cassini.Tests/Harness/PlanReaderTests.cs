using System.Text.Json;
using System.Text.RegularExpressions;
using Cassini.Harness.Plans;
using Cassini.Streams.Events;

namespace Cassini.Tests.Harness;

public class PlanReaderTests
{
    [Fact]
    public void Read_SmallestPlan_HasItsDefaults()
    {
        var plan = PlanText.Good(PlanText.With());

        (plan.Seed, plan.ReadyTimeout, plan.Timeout, plan.Settle, plan.Allow)
            .ShouldBe((0, TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(5), HealthStatus.Degraded));
        plan.Brokers[0].Tls.Ca.ShouldBe(Path.Combine(Path.GetTempPath(), "ca.pem"));
        var publisher = plan.Tests[0].Publishers[0];
        (publisher.MessageSize, publisher.Qos, publisher.Keys, publisher.Clients, publisher.InFlight, publisher.Pattern, publisher.Payload)
            .ShouldBe((256, 1, 1, 1, 64, new PlanPattern(1, TimeSpan.Zero), new PlanPayload(PayloadKind.Random)));
        plan.Tests[0].Broker.ShouldBe("b");
        plan.Tests[0].Subscribers[0].Expect.ShouldBe(new PlanExpectation());
    }

    [Fact]
    public void Read_Fleet_PartsOfATestNameTheirBrokers()
    {
        var plan = PlanText.Good(PlanText.With(
            """{ "name": "p", "topic": "t", "broker": "c", "messages": 10 }, { "name": "q", "topic": "t", "messages": 10 }""",
            """{ "name": "s", "topic": "t", "broker": "c" }""",
            """ "fleet": true,""",
            """ "faults": [{ "at": "1s", "fault": "crash-manager", "broker": "c" }],""",
            $"{PlanText.Broker}, {PlanText.Broker.Replace("\"b\"", "\"c\"", StringComparison.Ordinal)}"));

        plan.Fleet.ShouldBeTrue();
        plan.Brokers.ShouldAllBe(broker => broker.FleetSize == 2);
        var test = plan.Tests[0];
        test.Publishers.Select(publisher => publisher.Broker).ShouldBe(["c", null]);
        test.Subscribers[0].Broker.ShouldBe("c");
        test.Faults[0].Broker.ShouldBe("c");
        plan.BrokerOf(test, test.Faults[0].Broker).Name.ShouldBe("c");
        plan.BrokerOf(test, test.Publishers[1].Broker).Name.ShouldBe("b");
        PlanText.Good(PlanText.With()).Brokers[0].FleetSize.ShouldBeNull();
    }

    [Fact]
    public void Read_PathInTheHomeDirectory_IsNotExpandedAndSaysSo()
    {
        var broker = PlanText.Broker.Replace("\"ca.pem\"", "\"~/ca.pem\"", StringComparison.Ordinal);

        PlanText.Problems(PlanText.With(broker: broker)).ShouldHaveSingleItem()
            .ShouldEndWith("brokers[0].tls.ca: '~/ca.pem' begins with ~, which is not expanded: give the full path");
    }

    /// <summary>Plans that were written for earlier versions.</summary>
    [Fact]
    public void Read_EarlierSpelling_IsTheSamePlan()
    {
        const string Now = """
            {
              "name": "plan", "readyTimeout": "1h",
              "brokers": [{ "name": "b", "management": "http://127.0.0.1:9090", "mqtt": "127.0.0.1:8883", "tokenFile": "t",
                "tls": { "ca": "ca.pem", "cert": "c.pem", "key": "c.key", "serverName": "localhost" } }],
              "tests": [{ "name": "t",
                "publishers": [{ "name": "p", "topic": "t", "messages": 9, "messageSize": 99, "inFlight": 7,
                  "payload": { "template": "{{publisher}}" } }],
                "subscribers": [{ "name": "s", "topic": "t", "expect": { "atLeast": 5, "within": "1m", "noDuplicates": true,
                  "noCorruption": false, "orderPerKey": true, "maxGap": "2s", "noLoss": true, "allowForeign": true } }] }]
            }
            """;
        var before = Regex.Replace(
            Now.Replace("publishers", "producers", StringComparison.Ordinal).Replace("subscribers", "sinks", StringComparison.Ordinal),
            "[A-Z]",
            capital => $"_{capital.Value.ToLowerInvariant()}");
        before.ShouldContain("\"order_per_key\"");

        JsonSerializer.Serialize(PlanText.Good(before)).ShouldBe(JsonSerializer.Serialize(PlanText.Good(Now)));
    }

    [Fact]
    public void Read_BothSpellings_AreOneFieldTwice() => PlanText.Problems(
        PlanText.With(more: """ "readyTimeout": "1s", "ready_timeout": "2s","""))
        .ShouldHaveSingleItem().ShouldEndWith("readyTimeout: is given twice");

    [Fact]
    public void Read_EveryField_IsTaken()
    {
        var plan = PlanText.Good(PlanText.With(
            """
            { "name": "p", "topic": "a/b", "messageSize": 100, "duration": "5s", "messages": 1000,
              "qos": 2, "keys": 4, "clients": 3, "inFlight": 7,
              "pattern": { "burst": { "size": 10, "idle": "1.5s" } }, "payload": { "template": "n {{seq}}" } // a comment
            }
            """,
            """
            { "name": "s", "topic": "a/#", "qos": 0,
              "expect": { "atLeast": 5, "within": "1m", "noDuplicates": true, "noCorruption": false,
              "orderPerKey": true, "maxGap": "2s", "noLoss": true, "allowForeign": true, }, },
            """,
            more: """ "$schema": "x", "seed": 42, "readyTimeout": "1h", "timeout": "2m", "settle": "0ms", "health": { "allow": "ok" },""",
            test: """
                "broker": "b", "timeout": "3s",
                "faults": [{ "at": "2s", "fault": "crash-accept", "endpoint": "e", "tolerate": "30s" }],
                """));

        (plan.Seed, plan.ReadyTimeout, plan.Timeout, plan.Settle, plan.Allow)
            .ShouldBe((42, TimeSpan.FromHours(1), TimeSpan.FromMinutes(2), TimeSpan.Zero, HealthStatus.Ok));
        var test = plan.Tests[0];
        test.Timeout.ShouldBe(TimeSpan.FromSeconds(3));
        test.Faults.ShouldBe([new PlanFault(TimeSpan.FromSeconds(2), "crash-accept", "e", TimeSpan.FromSeconds(30))]);
        test.Publishers.ShouldBe(
        [
            new PlanPublisher
            {
                Index = 0, Name = "p", Topic = "a/b", MessageSize = 100,
                Duration = TimeSpan.FromSeconds(5), Messages = 1000, Qos = 2, Keys = 4,
                Clients = 3, InFlight = 7, Pattern = new PlanPattern(10, TimeSpan.FromSeconds(1.5)),
                Payload = new PlanPayload(PayloadKind.Template, "n {{seq}}"),
            },
        ]);
        Enumerable.Range(0, 3).Sum(client => test.Publishers[0].MessagesOf(client)).ShouldBe(1000);
        test.Subscribers.ShouldBe(
        [
            new PlanSubscriber
            {
                Index = 0, Name = "s", Topic = "a/#", Qos = 0,
                Expect = new PlanExpectation
                {
                    AtLeast = 5, Within = TimeSpan.FromMinutes(1), NoDuplicates = true, NoCorruption = false, OrderPerKey = true,
                    MaxGap = TimeSpan.FromSeconds(2), NoLoss = true, AllowForeign = true,
                },
            },
        ]);
    }

    [Theory]
    [InlineData(
        """{ "name": "p", "topic": "t", "duration": "5x" }""",
        "tests[0].publishers[0].duration: '5x' is no duration: expected a number and ms, s, m or h, such as 250ms")]
    [InlineData(
        """{ "name": "p", "topic": "t", "duration": 5 }""", "tests[0].publishers[0].duration: is a number: expected a duration as text")]
    [InlineData("""{ "name": "p", "topic": "t", "duration": "0s" }""", "tests[0].publishers[0].duration: '0s' is not within 1ms to 168h")]
    [InlineData(
        """{ "name": "p", "topic": "t", "duration": "9999h" }""", "tests[0].publishers[0].duration: '9999h' is not within 1ms to 168h")]
    [InlineData("""{ "name": "p", "topic": "t" }""", "tests[0].publishers[0]: has no end: expected duration, messages or both")]
    [InlineData("""{ "topic": "t", "messages": 1 }""", "tests[0].publishers[0]: lacks the field 'name'")]
    [InlineData(
        """{ "name": "p", "topic": "t", "mesages": 1 }""", "tests[0].publishers[0]: unknown field 'mesages' (did you mean 'messages'?)")]
    [InlineData("""{ "name": "p", "topic": "t", "messages": 1, "messages": 2 }""", "tests[0].publishers[0].messages: is given twice")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1.5 }""",
        "tests[0].publishers[0].messages: 1.5 is not allowed: expected a whole number from 1 to")]
    [InlineData("""{ "name": "p", "topic": "t", "messages": "1" }""", "tests[0].publishers[0].messages: is text: expected a whole number")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "qos": 3 }""",
        "tests[0].publishers[0].qos: 3 is not allowed: expected a whole number from 0 to 2")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "messageSize": 59 }""",
        "tests[0].publishers[0].messageSize: 59 is too small: expected at least 60")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "clients": 2 }""",
        "tests[0].publishers[0].clients: 2 clients cannot share 1 message:")]
    [InlineData(
        """{ "name": "p", "topic": "a/+", "messages": 1 }""", "tests[0].publishers[0].topic: 'a/+' is no topic: + and # are for filters")]
    [InlineData("""{ "name": "p", "topic": "", "messages": 1 }""", "tests[0].publishers[0].topic: must not be empty")]
    [InlineData("""{ "name": null, "topic": "t", "messages": 1 }""", "tests[0].publishers[0].name: is null: expected text")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "pattern": {} }""",
        "tests[0].publishers[0].pattern: must have exactly one of drip, burst")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "pattern": { "drip": { "idle": "5x" } } }""",
        "tests[0].publishers[0].pattern.drip.idle: '5x' is no duration")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "pattern": { "burst": { "idle": "1s" } } }""",
        "tests[0].publishers[0].pattern.burst: lacks the field 'size'")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "payload": { "fixed": "a", "random": {} } }""",
        "tests[0].publishers[0].payload: must have exactly one of fixed, random, template")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "messageSize": 62, "payload": { "fixed": "abc" } }""",
        "tests[0].publishers[0].payload.fixed: needs 3 bytes: messageSize leaves 2 after the envelope of 60")]
    [InlineData(
        """{ "name": "p", "topic": "t", "messages": 1, "payload": { "template": "{{sequence}}" } }""",
        "tests[0].publishers[0].payload.template: '{{sequence}}' is no placeholder")]
    [InlineData(""" "p" """, "tests[0].publishers[0]: is text: expected an object")]
    public void Read_BadPublisher_IsReported(string publisher, string expected) =>
        PlanText.Problems(PlanText.With(publisher)).ShouldContain(line => line.Contains(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("a\\u0007b", "name: 'a\\u{7}b' has a character that cannot be seen")]
    [InlineData("a\\nb", "name: 'a\\nb' has a character that cannot be seen")]
    [InlineData("a\\u202Eb", "name: 'a\\u{202E}b' has a character that cannot be seen")]
    [InlineData(" ", "name: is blank: expected at least one character that is no space")]
    [InlineData("\\u00a0 ", "name: is blank: expected at least one character that is no space")]
    [InlineData(null, "name: is too long: expected at most 200 bytes")]
    public void Read_NameThatNoClientCanHave_IsReportedWhereverItIs(string? name, string expected)
    {
        name ??= new string('\u00e9', 101);
        string[] plans =
        [
            PlanText.With().Replace("\"plan\"", $"\"{name}\"", StringComparison.Ordinal),
            PlanText.With().Replace("\"name\": \"t\"", $"\"name\": \"{name}\"", StringComparison.Ordinal),
            PlanText.With(publisher: $$"""{ "name": "{{name}}", "topic": "t", "messages": 10 }"""),
            PlanText.With(subscriber: $$"""{ "name": "{{name}}", "topic": "t" }"""),
            PlanText.With(broker: PlanText.Broker.Replace("\"b\"", $"\"{name}\"", StringComparison.Ordinal)),
        ];

        plans.Select(plan => PlanText.Problems(plan).Single()).ShouldAllBe(line => line.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_LongestName_MakesAClientIdentifierThatFits()
    {
        var name = new string('n', 200);
        PlanText.Good(PlanText.With(publisher: $$"""{ "name": "{{name}}", "topic": "t", "messages": 1000, "clients": 1000 }"""));

        $"harness-{0:x8}-{999}-{name}-{999}".Length.ShouldBeLessThanOrEqualTo(256);
    }

    [Theory]
    [InlineData(
        """{ "name": "s", "topic": "a/#/b" }""", "tests[0].subscribers[0].topic: 'a/#/b' is no filter: # may only be its last level")]
    [InlineData("""{ "name": "s", "topic": "a+" }""", "tests[0].subscribers[0].topic: 'a+' is no filter: + may only be a whole level")]
    [InlineData(
        """{ "name": "s", "topic": "$share/g" }""",
        "tests[0].subscribers[0].topic: '$share/g' is no filter: a shared one is $share/NAME/FILTER")]
    [InlineData(
        """{ "name": "s", "topic": "t", "expect": { "noLoss": "yes" } }""",
        "tests[0].subscribers[0].expect.noLoss: is text: expected true or false")]
    [InlineData(
        """{ "name": "s", "topic": "t", "expect": { "within": "1s" } }""",
        "tests[0].subscribers[0].expect.within: needs atLeast beside it")]
    [InlineData("""{ "name": "s", "topic": "t" }, { "name": "s", "topic": "t" }""", "tests[0].subscribers[1].name: 's' is given twice")]
    public void Read_BadSubscriber_IsReported(string subscriber, string expected) =>
        PlanText.Problems(PlanText.With(subscriber: subscriber)).ShouldContain(line => line.Contains(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData(""" "health": { "allow": "fine" },""", "", "health.allow: 'fine' is unknown: expected ok, degraded, error")]
    [InlineData(""" "health": [],""", "", "health: is a list: expected an object")]
    [InlineData(""" "seed": -1,""", "", "seed: -1 is not allowed: expected a whole number from 0 to")]
    [InlineData("", """ "broker": "c",""", "tests[0].broker: there is no broker 'c': expected b")]
    [InlineData("", """ "faults": [{ "at": "1s", "fault": "resume", "broker": "c" }],""", "tests[0].faults[0].broker: there is no ")]
    [InlineData(""" "fleet": 3,""", "", "fleet: ")]
    [InlineData(
        "", """ "faults": [{ "at": "1s", "fault": "crash-connections" }],""",
        "tests[0].faults[0].fault: 'crash-connections' is unknown (did you mean 'crash-connection'?)")]
    [InlineData(
        "", """ "faults": [{ "at": "1s", "fault": "crash-manager", "endpoint": "e" }],""",
        "tests[0].faults[0].endpoint: must be absent: crash-manager is not for one endpoint")]
    [InlineData("", """ "faults": {},""", "tests[0].faults: is an object: expected a list")]
    public void Read_BadTestOrPlan_IsReported(string more, string test, string expected) =>
        PlanText.Problems(PlanText.With(more: more, test: test)).ShouldContain(line => line.Contains(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("http://127.0.0.1:9090", "127.0.0.1", "brokers[0].mqtt: '127.0.0.1' is no address: expected HOST:PORT")]
    [InlineData("127.0.0.1:9090", "127.0.0.1:8883", "brokers[0].management: '127.0.0.1:9090' is not the URL of a management port")]
    [InlineData("http://a", "::1:8883", "brokers[0].mqtt: '::1:8883' is no address")]
    [InlineData("http://a", "a:0", "brokers[0].mqtt: 'a:0' is no address")]
    public void Read_BadAddress_IsReported(string management, string mqtt, string expected) =>
        PlanText.Problems(PlanText.With(broker: $$"""
            { "name": "b", "management": "{{management}}", "mqtt": "{{mqtt}}", "tls": { "ca": "a", "cert": "c", "key": "k" } }
            """))
            .ShouldContain(line => line.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void Read_ManyErrors_AreReportedTogetherInTheOrderOfTheirPositions() => PlanText.Problems("""
        {
          "name": "plan", "sed": 1,
          "brokers": [],
          "tests": [{ "name": "t",
            "publishers": [{ "name": "ü", "topic": "t", "duration": "5x", "qos": true }] }]
        }
        """).ShouldBe(
        [
            "plan.json:2:19: unknown field 'sed' (did you mean 'seed'?): "
                + "expected $schema, name, seed, readyTimeout, timeout, settle, brokers, fleet, health, tests",
            "plan.json:3:14: brokers: must have at least 1 element",
            "plan.json:5:61: tests[0].publishers[0].duration: '5x' is no duration: expected a number and ms, s, m or h, such as 250ms",
            "plan.json:5:74: tests[0].publishers[0].qos: is true: expected a whole number from 0 to 2",
        ]);

    [Theory]
    [InlineData("", "plan.json:1:1: is not JSON")]
    [InlineData("{\n  \"name\": x }", "plan.json:2:11: is not JSON: 'x' is an invalid start of a value")]
    [InlineData("{\n  \"name\": \"\\ud800\" }", "plan.json:2:11: is not Unicode text")]
    [InlineData("{} {}", "plan.json:1:4: is not JSON")]
    [InlineData("[1", "plan.json:1:3: is not JSON")]
    [InlineData("7", "plan.json:1:1: is a number: expected an object")]
    public void Read_NoJson_IsReportedWithItsPosition(string json, string expected) => PlanText.Problems(json)[0].ShouldStartWith(expected);

    [Fact]
    public void Read_SubscriberWithoutAPublisher_IsAnError() =>
        PlanText.Problems(PlanText.With(subscriber: """{ "name": "s", "topic": "other/#", "expect": { "noLoss": true } }"""))
            .ShouldHaveSingleItem()
            .ShouldEndWith(
                "tests[0].subscribers[0].topic: no publisher of this test publishes to 'other/#': "
                + "a subscriber for messages of others needs allowForeign");

    [Fact]
    public void Read_SubscriberForTheMessagesOfOthers_IsAWarning()
    {
        var reading = PlanText.Read(
            PlanText.With(subscriber: """{ "name": "s", "topic": "other/#", "expect": { "allowForeign": true } }"""));

        reading.Plan.ShouldNotBeNull();
        reading.Problems.Single().In("plan.json")
            .ShouldContain("warning: tests[0].subscribers[0].topic: no publisher of this test publishes to 'other/#'");
    }
}
