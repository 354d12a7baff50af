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
        var producers = test.NamedList("producers", least: 1).Select((producer, i) => Producer(producer, i)).ToList();
        var sinks = test.NamedList("sinks");
        return new PlanTest
        {
            Index = index,
            Name = test.Name(),
            Broker = Broker(),
            Timeout = test.Duration("timeout", Millisecond, PlanReader.LongestTime),
            Producers = producers,
            Sinks = [.. sinks.Select((sink, i) => Sink(sink, i, producers))],
            Faults = [.. test.List("faults").Select(Fault).OrderBy(fault => fault.At)],
        };
    }

    private string Broker()
    {
        var first = brokers.Count > 0 ? brokers[0].Name : "";
        if (test.Text("broker") is not { } name)
        {
            return first;
        }

        if (brokers.Count > 0 && brokers.All(broker => broker.Name != name))
        {
            test.Complain("broker", $"there is no broker '{name}': expected {string.Join(", ", brokers.Select(broker => broker.Name))}");
        }

        return name;
    }

    private PlanProducer Producer(PlanCursor producer, int index)
    {
        var defaults = new PlanProducer { Index = index, Name = "", Topic = "" };
        var topic = producer.Text("topic");
        if (topic is not null && PlanTopics.ProblemOfTopic(topic) is { } problem)
        {
            producer.Complain("topic", problem);
        }

        if (producer.IsUsable && !producer.Has("duration") && !producer.Has("messages"))
        {
            producer.Complain("has no end: expected duration, messages or both");
        }

        var messages = producer.Integer("messages", 1, long.MaxValue);
        var clients = (int?)producer.Integer("clients", 1, 1_000) ?? defaults.Clients;
        if (messages < clients)
        {
            producer.Complain(
                "clients",
                $"{Quantity.Of(clients, "client")} cannot share {Quantity.Of(messages.Value, "message")}: "
                + "expected at most one client for each message");
        }

        var size = MessageSize(producer) ?? defaults.MessageSize;
        return defaults with
        {
            Name = producer.Name(),
            Topic = topic ?? "",
            MessageSize = size,
            Duration = producer.Duration("duration", Millisecond, PlanReader.LongestTime),
            Messages = messages,
            Qos = (int?)producer.Integer("qos", 0, 2) ?? defaults.Qos,
            Keys = (int?)producer.Integer("keys", 1, ushort.MaxValue) ?? defaults.Keys,
            Clients = clients,
            InFlight = (int?)producer.Integer("in_flight", 1, ushort.MaxValue) ?? defaults.InFlight,
            Pattern = producer.Object("pattern") is { } pattern ? Pattern(pattern) ?? defaults.Pattern : defaults.Pattern,
            Payload = producer.Object("payload") is { } payload
                ? Payload(payload, size - Envelope.Size) ?? defaults.Payload
                : defaults.Payload,
        };
    }

    private static int? MessageSize(PlanCursor producer)
    {
        var size = producer.Integer("message_size", 1, MaxMessageSize);
        if (size >= Envelope.Size)
        {
            return (int)size;
        }

        if (size is not null)
        {
            producer.Complain("message_size", $"{size} is too small: expected at least {Envelope.Size}, the length of the envelope");
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
                $"needs {Quantity.Of(least, "byte")}: message_size leaves {Math.Max(room, 0)} after the envelope of {Envelope.Size}");
        }

        if (kind == PayloadKind.Template && PayloadTemplate.UnknownPlaceholder(text) is { } unknown)
        {
            payload.Complain(name, $"'{unknown}' is no placeholder: expected {{{{seq}}}}, {{{{key}}}}, {{{{producer}}}} or {{{{client}}}}");
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

    private PlanSink Sink(PlanCursor sink, int index, IReadOnlyList<PlanProducer> producers)
    {
        var defaults = new PlanSink { Index = index, Name = "", Topic = "" };
        var filter = sink.Text("topic");
        if (filter is not null && PlanTopics.ProblemOfFilter(filter) is { } problem)
        {
            sink.Complain("topic", problem);
        }
        else if (filter is not null && !problems.HasErrors && !producers.Any(producer => PlanTopics.Matches(filter, producer.Topic)))
        {
            // Its expectations would hold because nothing arrives: a mistake, unless the sink is there for messages of others.
            var unreachable = $"no producer of this test publishes to '{filter}'";
            if (sink.Object("expect")?.Has("allow_foreign") == true)
            {
                sink.Warn("topic", unreachable);
            }
            else
            {
                sink.Complain("topic", $"{unreachable}: a sink for messages of others needs allow_foreign");
            }
        }

        return defaults with
        {
            Name = sink.Name(),
            Topic = filter ?? "",
            Qos = (int?)sink.Integer("qos", 0, 2) ?? defaults.Qos,
            Expect = sink.Object("expect") is { } expect ? Expectation(expect) : defaults.Expect,
        };
    }

    private static PlanExpectation Expectation(PlanCursor expect)
    {
        var defaults = new PlanExpectation();
        if (expect.Has("within") && !expect.Has("at_least"))
        {
            expect.Complain("within", "needs at_least beside it");
        }

        return new PlanExpectation
        {
            AtLeast = expect.Integer("at_least", 0, long.MaxValue),
            Within = expect.Duration("within", Millisecond, PlanReader.LongestTime),
            NoDuplicates = expect.Flag("no_duplicates") ?? defaults.NoDuplicates,
            NoCorruption = expect.Flag("no_corruption") ?? defaults.NoCorruption,
            OrderPerKey = expect.Flag("order_per_key") ?? defaults.OrderPerKey,
            MaxGap = expect.Duration("max_gap", Millisecond, PlanReader.LongestTime),
            NoLoss = expect.Flag("no_loss") ?? defaults.NoLoss,
            AllowForeign = expect.Flag("allow_foreign") ?? defaults.AllowForeign,
        };
    }

    private static PlanFault Fault(PlanCursor fault)
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
            fault.Duration("tolerate", TimeSpan.Zero, PlanReader.LongestTime) ?? TimeSpan.Zero);
    }
}
