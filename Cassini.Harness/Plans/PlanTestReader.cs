using System.Text;
using Cassini.Harness.Messages;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Plans;

/// <summary>Reads one test of a plan.</summary>
internal sealed class PlanTestReader(PlanProblems problems, PlanCursor test, IReadOnlyList<PlanBroker> brokers)
{
    private const int MaxMessageSize = 16 << 20;

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    public PlanTest Read(int index)
    {
        var publishers = test.NamedList("publishers", least: 1).Select((publisher, i) => Publisher(publisher, i)).ToList();
        var subscribers = test.NamedList("subscribers");
        return new PlanTest
        {
            Index = index,
            Name = test.Name(),
            Broker = Broker(),
            Timeout = test.Duration("timeout", Millisecond, PlanReader.LongestTime),
            Publishers = publishers,
            Subscribers = [.. subscribers.Select((subscriber, i) => Subscriber(subscriber, i, publishers))],
            Faults = [.. test.List("faults").Select(Fault).OrderBy(fault => fault.At)],
        };
    }

    private string Broker() => Broker(test) ?? (brokers.Count > 0 ? brokers[0].Name : "");

    /// <summary>The broker that the test or a part of it names; null when it names none.</summary>
    private string? Broker(PlanCursor part)
    {
        var name = part.Text("broker");
        if (name is not null && brokers.Count > 0 && brokers.All(broker => broker.Name != name))
        {
            part.Complain("broker", $"there is no broker '{name}': expected {string.Join(", ", brokers.Select(broker => broker.Name))}");
        }

        return name;
    }

    private PlanPublisher Publisher(PlanCursor publisher, int index)
    {
        var defaults = new PlanPublisher { Index = index, Name = "", Topic = "" };
        var topic = publisher.Text("topic");
        if (topic is not null && PlanTopics.ProblemOfTopic(topic) is { } problem)
        {
            publisher.Complain("topic", problem);
        }

        if (publisher.IsUsable && !publisher.Has("duration") && !publisher.Has("messages"))
        {
            publisher.Complain("has no end: expected duration, messages or both");
        }

        var messages = publisher.Integer("messages", 1, long.MaxValue);
        var clients = (int?)publisher.Integer("clients", 1, 1_000) ?? defaults.Clients;
        if (messages < clients)
        {
            publisher.Complain(
                "clients",
                $"{Quantity.Of(clients, "client")} cannot share {Quantity.Of(messages.Value, "message")}: "
                + "expected at most one client for each message");
        }

        var size = MessageSize(publisher) ?? defaults.MessageSize;
        return defaults with
        {
            Name = publisher.Name(),
            Topic = topic ?? "",
            Broker = Broker(publisher),
            MessageSize = size,
            Duration = publisher.Duration("duration", Millisecond, PlanReader.LongestTime),
            Messages = messages,
            Qos = (int?)publisher.Integer("qos", 0, 2) ?? defaults.Qos,
            Keys = (int?)publisher.Integer("keys", 1, ushort.MaxValue) ?? defaults.Keys,
            Clients = clients,
            InFlight = (int?)publisher.Integer("inFlight", 1, ushort.MaxValue) ?? defaults.InFlight,
            Pattern = publisher.Object("pattern") is { } pattern ? Pattern(pattern) ?? defaults.Pattern : defaults.Pattern,
            Payload = publisher.Object("payload") is { } payload
                ? Payload(payload, size - Envelope.Size) ?? defaults.Payload
                : defaults.Payload,
        };
    }

    private static int? MessageSize(PlanCursor publisher)
    {
        var size = publisher.Integer("messageSize", 1, MaxMessageSize);
        if (size >= Envelope.Size)
        {
            return (int)size;
        }

        if (size is not null)
        {
            publisher.Complain("messageSize", $"{size} is too small: expected at least {Envelope.Size}, the length of the envelope");
        }

        return null;
    }

    private static PlanPattern? Pattern(PlanCursor pattern)
    {
        if (!HasOneOf(pattern, "drip", "burst"))
        {
            return null;
        }

        if (pattern.Object("drip") is { } drip)
        {
            return new PlanPattern(1, drip.Duration("idle", TimeSpan.Zero, PlanReader.LongestTime) ?? TimeSpan.Zero);
        }

        var burst = pattern.Object("burst")!;
        return new PlanPattern(
            (int)(burst.Integer("size", 1, 1_000_000) ?? 1),
            burst.Duration("idle", TimeSpan.Zero, PlanReader.LongestTime) ?? TimeSpan.Zero);
    }

    private static PlanPayload? Payload(PlanCursor payload, int room)
    {
        if (!HasOneOf(payload, "fixed", "random", "template"))
        {
            return null;
        }

        if (payload.Object("random") is { } random)
        {
            return new PlanPayload(PayloadKind.Random, Seed: random.Integer("seed", 0, long.MaxValue));
        }

        var kind = payload.Has("fixed") ? PayloadKind.Fixed : PayloadKind.Template;
        var name = kind == PayloadKind.Fixed ? "fixed" : "template";
        if (payload.Text(name) is not { } text)
        {
            return null;
        }

        var least = kind == PayloadKind.Fixed ? Encoding.UTF8.GetByteCount(text) : PayloadTemplate.LeastSize(text);
        if (least > room)
        {
            payload.Complain(
                name,
                $"needs {Quantity.Of(least, "byte")}: messageSize leaves {Math.Max(room, 0)} after the envelope of {Envelope.Size}");
        }

        if (kind == PayloadKind.Template && PayloadTemplate.UnknownPlaceholder(text) is { } unknown)
        {
            payload.Complain(
                name, $"'{unknown}' is no placeholder: expected {{{{seq}}}}, {{{{key}}}}, {{{{publisher}}}} or {{{{client}}}}");
        }

        return new PlanPayload(kind, text);
    }

    private static bool HasOneOf(PlanCursor cursor, params string[] names)
    {
        if (cursor.IsUsable && names.Count(cursor.Has) != 1)
        {
            cursor.Complain($"must have exactly one of {string.Join(", ", names)}");
        }

        return names.Count(cursor.Has) == 1;
    }

    private PlanSubscriber Subscriber(PlanCursor subscriber, int index, IReadOnlyList<PlanPublisher> publishers)
    {
        var defaults = new PlanSubscriber { Index = index, Name = "", Topic = "" };
        var filter = subscriber.Text("topic");
        if (filter is not null && PlanTopics.ProblemOfFilter(filter) is { } problem)
        {
            subscriber.Complain("topic", problem);
        }
        else if (filter is not null && !problems.HasErrors && !publishers.Any(publisher => PlanTopics.Matches(filter, publisher.Topic)))
        {
            // Its expectations would hold because nothing arrives: a mistake, unless the subscriber is there for messages of others.
            var unreachable = $"no publisher of this test publishes to '{filter}'";
            if (subscriber.Object("expect")?.Has("allowForeign") == true)
            {
                subscriber.Warn("topic", unreachable);
            }
            else
            {
                subscriber.Complain("topic", $"{unreachable}: a subscriber for messages of others needs allowForeign");
            }
        }

        return defaults with
        {
            Name = subscriber.Name(),
            Topic = filter ?? "",
            Broker = Broker(subscriber),
            Qos = (int?)subscriber.Integer("qos", 0, 2) ?? defaults.Qos,
            Expect = subscriber.Object("expect") is { } expect ? Expectation(expect) : defaults.Expect,
        };
    }

    private static PlanExpectation Expectation(PlanCursor expect)
    {
        var defaults = new PlanExpectation();
        if (expect.Has("within") && !expect.Has("atLeast"))
        {
            expect.Complain("within", "needs atLeast beside it");
        }

        return new PlanExpectation
        {
            AtLeast = expect.Integer("atLeast", 0, long.MaxValue),
            Within = expect.Duration("within", Millisecond, PlanReader.LongestTime),
            NoDuplicates = expect.Flag("noDuplicates") ?? defaults.NoDuplicates,
            NoCorruption = expect.Flag("noCorruption") ?? defaults.NoCorruption,
            OrderPerKey = expect.Flag("orderPerKey") ?? defaults.OrderPerKey,
            MaxGap = expect.Duration("maxGap", Millisecond, PlanReader.LongestTime),
            NoLoss = expect.Flag("noLoss") ?? defaults.NoLoss,
            AllowForeign = expect.Flag("allowForeign") ?? defaults.AllowForeign,
        };
    }

    private PlanFault Fault(PlanCursor fault)
    {
        var name = fault.Text("fault") ?? "";
        var endpoint = fault.Text("endpoint");
        if (endpoint is not null && name is not ("crash-accept" or "stall-accept" or "close-endpoint" or ""))
        {
            fault.Complain("endpoint", $"must be absent: {name} is not for one endpoint");
        }

        return new PlanFault(
            fault.Duration("at", TimeSpan.Zero, PlanReader.LongestTime) ?? TimeSpan.Zero,
            name,
            endpoint,
            fault.Duration("tolerate", TimeSpan.Zero, PlanReader.LongestTime) ?? TimeSpan.Zero,
            Broker(fault));
    }
}
