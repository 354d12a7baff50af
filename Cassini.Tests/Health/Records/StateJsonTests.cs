using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Health.Folding;
using Cassini.Streams.Health.Records;
using Cassini.Tests.Events;
using CsCheck;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Records;

public class StateJsonTests
{
    private static readonly HealthPolicy Policy = new();

    [Fact]
    public void State_WrittenAndReadAnywhereInALog_FoldsOnAsTheOriginal() =>
        Gen.Select(GeneratedLog.Log, Gen.Int[0, 120], Gen.Int[0, 60_000]).Sample(
            (log, cut, idle) =>
            {
                var fold = new Fold(Policy);
                foreach (var envelope in log.Take(cut))
                {
                    fold.Take(new FoldInput(envelope.Elapsed, envelope));
                }

                // Not only just behind an event: also when time alone has passed since.
                var next = cut < log.Length ? log[cut].Elapsed : TimeSpan.MaxValue;
                var pause = fold.State.Now + TimeSpan.FromMilliseconds(idle);
                fold.Until(pause < next ? pause : fold.State.Now);

                var original = fold.State;
                var header = RecordedRun.Header(original);
                var read = RecordedRun.StateOf(header);
                RecordedRun.Header(read).ShouldBe(header);
                var inputs = log.Skip(cut).Select(envelope => new FoldInput(envelope.Elapsed, envelope))
                    .Append(new FoldInput((log.IsEmpty ? TimeSpan.Zero : log[^1].Elapsed) + TimeSpan.FromMinutes(30), null));
                foreach (var input in inputs)
                {
                    original = HealthReducer.Reduce(original, input, Policy);
                    read = HealthReducer.Reduce(read, input, Policy);
                    read.Transitions.ShouldBe(original.Transitions);
                }

                Encoding.UTF8.GetString(RecordedRun.Header(read)).ShouldBe(Encoding.UTF8.GetString(RecordedRun.Header(original)));
            },
            iter: 200);

    [Fact]
    public void Shape_EachEnumerationInAState_IsWrittenAsAWord() =>
        JsonWords.EnumerationsIn(StateJson.Shape.Options, StateJson.Shape.Type).ShouldAllBeWords(StateJson.Shape.Options);

    [Fact]
    public void State_OfEveryKindOfEvidence_IsWholeInItsJson()
    {
        var header = JsonNode.Parse(RecordedRun.Header(Eventful().State))!.AsObject();
        var places = new List<string>();
        Walk(header["state"]!, "state", places);

        places.Count.ShouldBeGreaterThan(150);
        foreach (var place in places)
        {
            var damaged = JsonNode.Parse(header.ToJsonString())!.AsObject();
            Remove(damaged, place);
            var error = Should.Throw<JsonException>(() => Read(damaged), place);
            error.Message.ShouldContain(place.Split('.')[^1], Case.Sensitive, place);
        }
    }

    [Theory]
    [InlineData("format", "\"other\"", "format: it is not cassini-record")]
    [InlineData("version", "1", "version: 1, written by Cassini 1.2.3; this program reads versions 2 to 7")]
    [InlineData("version", "8", "version: 8, written by Cassini 1.2.3; this program reads versions 2 to 7")]
    [InlineData("epoch", "\"x\"", "epoch: it is not 16 hexadecimal digits")]
    [InlineData("elapsed", "-1", "through or elapsed: out of range")]
    [InlineData("elapsed", "1e20", "through or elapsed: out of range")]
    [InlineData("through", "-1", "through or elapsed: out of range")]
    [InlineData("policy", "{}", "policy: missing: Tick, Window, LiveWindow")]
    [InlineData("policy.Window", "\"00:00:00\"", "Health:Window: 0 is not allowed; allowed: 100ms to 10m")]
    [InlineData("policy.Mood", "1", "Mood")]
    [InlineData("policy.Hold", "5", "Hold")]
    [InlineData("state", "null", "state: null")]
    [InlineData("state.checks.canary", "null", "canary")]
    [InlineData("state.facts.crashes.window", "[[5,4,1,0]]", "buckets must be in order")]
    [InlineData("state.facts.crashes.window", "[[5,5,-1,0]]", "the count -1 is outside 0 to 2,147,483,647")]
    [InlineData("state.facts.crashes.window", "[[5,5,0,0]]", "none may be empty")]
    [InlineData("state.facts.crashes.window", "7", "a window is a list")]
    [InlineData("state.facts.manager.lastHeartbeat", "7e11", "longer than 8,000,000 days")]
    [InlineData("state.facts.handshakes.addresses", "[null]", "an address is null")]
    [InlineData("state.facts.handshakes.addresses", "[{}]", "address")]
    [InlineData("state.facts.cluster.peers", "[null]", "a node is null")]
    [InlineData("state.facts.cluster.peers", "[{}]", "node")]
    [InlineData("state.counts.crashes", "{\"toaster\":1}", "there is no 'toaster' to count")]
    [InlineData("state.checks.bind.status", "\"poorly\"", "status")]
    public void Header_WithSomethingWrong_IsRefusedAndSaysWhere(string place, string value, string expected)
    {
        var header = JsonNode.Parse(RecordedRun.Header(Eventful().State))!.AsObject();
        var path = place.Split('.');
        var parent = path[..^1].Aggregate((JsonNode)header, (node, name) => node[name]!);
        parent[path[^1]] = JsonNode.Parse(value);

        Should.Throw<JsonException>(() => Read(header)).Message.ShouldContain(expected);
    }

    // What was recorded before an upgrade can be replayed after it.
    [Fact]
    public void Header_OfTheVersionBefore_ReadsAsWithoutCapacity()
    {
        var fold = Eventful();
        var header = JsonNode.Parse(RecordedRun.Header(fold.State))!.AsObject();
        header["version"] = 2;
        header["policy"]!.AsObject().Remove("CapacityHigh").ShouldBeTrue();
        header["state"]!["facts"]!.AsObject().Remove("capacity").ShouldBeTrue();
        header["state"]!["checks"]!.AsObject().Remove("capacity").ShouldBeTrue();

        var read = Read(header).State;
        read.Facts.Capacity.ShouldBe(CapacityFacts.None);
        var sample = new LoadSampled(0, 0, 0, 0) { Capacity = new Capacity(new ResourceUse(1, 1)) };
        var envelope = new EventEnvelope(read.Epoch, read.Through + 1, Fold.Start + read.Now, read.Now, sample);
        var next = HealthReducer.Reduce(read, new FoldInput(read.Now, envelope), Policy);
        next.Verdicts.Checks.Single(check => check.Check.Name == CheckNames.Capacity).Reason.ShouldBe(Reasons.ConnectionsFull);
    }

    [Fact]
    public void Header_OfVersion3_ReadsAsWithoutDescriptorsAndRetainedMessages()
    {
        var capacity = new Capacity(new ResourceUse(1, 2), new ResourceUse(3, 4), new ResourceUse(5, 6));
        var fold = Eventful().At(15, new LoadSampled(7, 0, 0, 0) { Capacity = capacity });
        var header = JsonNode.Parse(RecordedRun.Header(fold.State))!.AsObject();
        header["version"] = 3;
        var facts = header["state"]!["facts"]!;
        var old = facts["capacity"]!.AsObject();
        old.Remove("retained").ShouldBeTrue();
        old.Remove("descriptors").ShouldBeTrue();
        foreach (var (_, resource) in old)
        {
            resource!.AsObject().Remove("hadRoom").ShouldBeTrue();
        }

        facts["load"]!.AsObject().Remove("holder").ShouldBeTrue();
        facts["load"]!.AsObject().Remove("held").ShouldBeTrue();

        var read = Read(header).State.Facts;
        read.Load.ShouldBe(fold.State.Facts.Load);
        read.Capacity.Sessions.Used.ShouldBe(3);
        read.Capacity.Retained.ShouldBe(ResourceFacts.None);
        read.Capacity.Descriptors.ShouldBe(ResourceFacts.None);
    }

    [Fact]
    public void Header_OfVersion4_ReadsAsWithoutAStore()
    {
        var header = JsonNode.Parse(RecordedRun.Header(Eventful().State))!.AsObject();
        header["version"] = 4;
        header["policy"]!.AsObject().Remove("SlowCommit").ShouldBeTrue();
        header["policy"]!.AsObject().Remove("StalledCommit").ShouldBeTrue();
        header["state"]!["facts"]!.AsObject().Remove("store").ShouldBeTrue();
        header["state"]!["checks"]!.AsObject().Remove("store").ShouldBeTrue();

        var read = Read(header).State;
        read.Facts.Store.ShouldBe(StoreFacts.None);
        read.Verdicts.Checks.Single(check => check.Check.Name == CheckNames.Store).Status.ShouldBe(HealthStatus.Off);
        read.Facts.Capacity.ShouldBe(Eventful().State.Facts.Capacity);
    }

    [Fact]
    public void Header_OfVersion5_ReadsAsWithoutSettings()
    {
        var header = JsonNode.Parse(RecordedRun.Header(Eventful().State))!.AsObject();
        header["version"] = 5;
        header["state"]!["facts"]!.AsObject().Remove("configuration").ShouldBeTrue();
        header["state"]!["checks"]!.AsObject().Remove("configuration").ShouldBeTrue();

        var read = Read(header).State;
        read.Facts.Configuration.ShouldBe(ConfigurationFacts.None);
        read.Verdicts.Checks.Single(check => check.Check.Name == CheckNames.Configuration).Status.ShouldBe(HealthStatus.Off);
        read.Facts.Store.ShouldBe(Eventful().State.Facts.Store);
    }

    [Fact]
    public void Header_OfVersion6_ReadsAsOutsideAFleet()
    {
        var header = JsonNode.Parse(RecordedRun.Header(Eventful().State))!.AsObject();
        header["version"] = 6;
        header["state"]!["facts"]!.AsObject().Remove("cluster").ShouldBeTrue();
        header["state"]!["checks"]!.AsObject().Remove("cluster").ShouldBeTrue();

        var read = Read(header).State;
        read.Facts.Cluster.Fleet.ShouldBeNull();
        read.Facts.Cluster.Peers.ShouldBeEmpty();
        var cluster = read.Verdicts.Checks.Single(check => check.Check.Name == CheckNames.Cluster);
        cluster.Status.ShouldBe(HealthStatus.Off);
        cluster.Reason.ShouldBe(Reasons.ClusterOff);
        read.Facts.Configuration.ShouldBe(Eventful().State.Facts.Configuration);
    }

    [Theory]
    [InlineData("policy")]
    [InlineData("state")]
    [InlineData("facts")]
    public void Header_OfTheVersionBefore_DamagedIsRefused(string lost)
    {
        var header = JsonNode.Parse(RecordedRun.Header(Eventful().State))!.AsObject();
        header["version"] = 2;
        (lost == "facts" ? header["state"]!.AsObject() : header).Remove(lost).ShouldBeTrue();

        Should.Throw<JsonException>(() => Read(header)).Message.ShouldContain(lost);
    }

    [Fact]
    public void Header_WithAnyByteChanged_IsReadOrRefusedAndFoldsOn()
    {
        var header = RecordedRun.Header(Eventful().State);
        Gen.Select(Gen.Int[0, header.Length - 1], Gen.Byte).Sample(
            (at, value) =>
            {
                var damaged = (byte[])header.Clone();
                damaged[at] = value;
                try
                {
                    using var json = JsonDocument.Parse(damaged);
                    var segment = RecordHeader.Read(json.RootElement, 1);
                    var fold = HealthReducer.Reduce(
                        segment.State, new FoldInput(segment.Elapsed + TimeSpan.FromHours(2), null), segment.Policy);
                    fold.Verdicts.Due.ShouldBeGreaterThan(fold.Now);
                }
                catch (JsonException)
                {
                    // Refused.
                }
            },
            iter: 3_000);
    }

    private static HealthRecordSegment Read(JsonObject header)
    {
        using var json = JsonDocument.Parse(header.ToJsonString());
        return RecordHeader.Read(json.RootElement, 1);
    }

    /// <summary>A state with something in every part of it.</summary>
    private static Fold Eventful() => new Fold(Policy)
        .At(1, Bound())
        .At(2, BindFailed("127.0.0.1:8884"))
        .At(3, Heartbeat(live: 3))
        .At(4, Probed(milliseconds: 700))
        .At(5, CanaryFailed())
        .At(6, Crashed(ComponentKind.AcceptLoop, restartInSeconds: 1))
        .At(6.5, new GaveUp(Manager, 5, TimeSpan.FromSeconds(60)))
        .At(7, Refused(1, address: "192.0.2.1:40000"))
        .At(8, Certificate(CertificateRole.Server, Fold.Start.AddDays(3)))
        .At(8, Certificate(CertificateRole.Authority, Fold.Start.AddDays(9), TimeSpan.FromDays(8)))
        .At(9, new CertificateReloadFailed(CertificateRole.Server, "server.pem", "bad"))
        .At(10, new MessagesDropped("a", 3))
        .At(11, new TopicCreated("t"))
        .At(11, new ConfigurationReloadFailed("bad", 1))
        .At(11.2, new FleetEntered("a", "main"))
        .At(11.2, new EngineLost("refused"))
        .At(11.2, new PeerSeen("b", PeerAnswer.Serves))
        .At(11.3, new FleetJoinLate(["b"]))
        .At(11.4, new LinkDropping("c", 7))
        .At(11.5, new ConnectionOpened(1, "alice"))
        .At(12, new SessionOpened(1, "a", "alice", "MQTT 5.0", false))
        .At(13, new ConnectionAccepted(1, Endpoint, "peer"))
        .At(14, new PhaseEntered(Phase.Ready));

    /// <summary>Every property that is always written, by its path.</summary>
    private static void Walk(JsonNode node, string path, List<string> places)
    {
        if (node is JsonObject properties && !path.StartsWith("state.counts.", StringComparison.Ordinal))
        {
            foreach (var (name, value) in properties)
            {
                places.Add($"{path}.{name}");
                if (value is not null)
                {
                    Walk(value, $"{path}.{name}", places);
                }
            }
        }
    }

    private static void Remove(JsonObject header, string place)
    {
        var path = place.Split('.');
        var parent = path[..^1].Aggregate((JsonNode)header, (node, name) => node[name]!);
        parent.AsObject().Remove(path[^1]).ShouldBeTrue(place);
    }
}
