using System.Text;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>Two runs have one name: the later gives way, and the others notice nothing of it.</summary>
public sealed class NodeNameTests : IDisposable
{
    private static readonly ClusterOptions Options = new();
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly VirtualClock _clock = new();
    private readonly SimulatedEngine _engine;
    private readonly SimulatedNode _earlier;
    private readonly SimulatedNode _third;
    private readonly LocalSubscriber _atEarlier;
    private readonly LocalSubscriber _atThird;
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _running = [];
    private SimulatedNode? _later;
    private LocalSubscriber? _atLater;
    private int _sent;

    public NodeNameTests()
    {
        _engine = new SimulatedEngine(_clock, new Random(1)) { MostDelay = TimeSpan.FromMilliseconds(50) };
        _earlier = Start("n1", "m1");
        _third = Start("n3", "m3");
        Pass(5);
        _atEarlier = _earlier.Subscribe("to/n1", out _);
        _atThird = _third.Subscribe("to/n3", out _);
        Pass(1);
    }

    public void Dispose()
    {
        _end.Cancel();
        _later?.Dispose();
        _earlier.Dispose();
        _third.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task Start_TheNameIsTaken_TakesNoPartAndThePeersNoticeNothing()
    {
        await CrossesAsync(_earlier, _atEarlier);
        StartLater();
        await CrossesAsync(_earlier, _atEarlier);
        Pass(0.3);
        await CrossesAsync(_earlier, _atEarlier);
        Pass(Options.JoinPatience.TotalSeconds * 2);
        await CrossesAsync(_earlier, _atEarlier);

        _later!.Events.Of<NameTaken>().ShouldHaveSingleItem().ShouldBe(new NameTaken("n1", EpochOf(_earlier), GivesWay: true));
        _later.Node.HasJoined.ShouldBeFalse("it would let clients in");
        _later.Events.Of<EngineConnected>().ShouldBeEmpty();
        _earlier.Events.Of<NameTaken>().ShouldHaveSingleItem().ShouldBe(new NameTaken("n1", EpochOf(_later), GivesWay: false));
        _third.Events.Of<PeerJoined>().ShouldHaveSingleItem().PeerEpoch.ShouldBe(EpochOf(_earlier));
        _third.Node.Links.Keys.ShouldBe(["n1"]);
        _atLater!.TryRead(out _).ShouldBeFalse();

        _later.Dispose();
        Pass(Options.DeadAfter.TotalSeconds - 1);
        _earlier.Events.Of<NameFreed>().ShouldBeEmpty();
        Pass(2);
        _earlier.Events.Of<NameFreed>().ShouldHaveSingleItem();
        await CrossesAsync(_earlier, _atEarlier);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_TheNameIsTakenAndTheEarlierEnds_TheLaterTakesPartByItself(bool isKilled)
    {
        StartLater();
        Pass(20);
        if (isKilled)
        {
            _engine.Kill("m1");
            Pass(Options.DeadAfter.TotalSeconds - 1);
            _later!.Events.Of<NameFreed>().ShouldBeEmpty();
            _later.Node.HasJoined.ShouldBeFalse();
        }
        else
        {
            // It says that it stops.
            _earlier.Dispose();
        }

        Pass(4);

        _later!.Events.Of<NameFreed>().ShouldHaveSingleItem();
        _later.Events.Of<EngineConnected>().ShouldHaveSingleItem();
        _later.Events.Of<FleetJoined>().ShouldHaveSingleItem();
        _later.Events.Of<FleetJoinLate>().ShouldBeEmpty();
        await CrossesAsync(_later, _atLater!);
    }

    // Who has the name keeps it, whatever the clocks say.
    [Fact]
    public async Task Start_WithAClockThatIsBehind_TakesNothingFromWhoHasTheName()
    {
        _clock.Time.StepWallClock(TimeSpan.FromHours(-1));
        StartLater();
        _clock.Time.StepWallClock(TimeSpan.FromHours(1));
        string.CompareOrdinal(EpochOf(_later!), EpochOf(_earlier)).ShouldBeLessThan(0);
        Pass(20);

        _later!.Events.Of<NameTaken>().ShouldHaveSingleItem().GivesWay.ShouldBeTrue();
        _earlier.Events.Of<NameTaken>().ShouldHaveSingleItem().GivesWay.ShouldBeFalse();
        _earlier.Events.Of<EngineLost>().ShouldBeEmpty();
        _third.Events.Of<PeerJoined>().ShouldHaveSingleItem();
        await CrossesAsync(_earlier, _atEarlier);
    }

    // The copy that waits for the name must not get it for that.
    [Fact]
    public async Task Node_ThatIsKilledAndComesBackAtOnce_HasItsName()
    {
        StartLater();
        Pass(5);
        _engine.Kill("m1");
        Pass(1);
        using var again = Start("n1", "m4");
        var subscriber = again.Subscribe("to/n1", out _);
        Pass(60);

        again.Events.Of<NameTaken>().ShouldHaveSingleItem().GivesWay.ShouldBeFalse();
        again.Node.HasJoined.ShouldBeTrue();
        _later!.Node.HasJoined.ShouldBeFalse();
        await CrossesAsync(again, subscriber);
    }

    // The two did not hear each other: until they do, they take turns at the third.
    [Fact]
    public async Task Runs_ThatMeetLater_TheLaterGivesWayAndThePeersAreWellAgain()
    {
        CutOffFromTheEarlier("m2");
        StartLater();
        Pass(5);
        _later!.Node.HasJoined.ShouldBeTrue();
        _third.Events.Of<PeerJoined>().ShouldContain(joined => joined.PeerEpoch == EpochOf(_later));

        _engine.Heal();
        Pass(5);

        _later.Events.Of<NameTaken>().ShouldHaveSingleItem().GivesWay.ShouldBeTrue();
        _later.Events.Of<EngineLost>().Select(lost => lost.Problem).ShouldBe(["another process has the name n1"]);
        _earlier.Events.Of<NameTaken>().ShouldHaveSingleItem().GivesWay.ShouldBeFalse();
        _third.Events.Of<PeerJoined>()[^1].PeerEpoch.ShouldBe(EpochOf(_earlier));
        for (var i = 0; i < 3; i++)
        {
            await CrossesAsync(_earlier, _atEarlier);
        }

        var joined = _third.Events.Of<PeerJoined>().Count;
        Pass(60);
        await CrossesAsync(_earlier, _atEarlier);
        _third.Events.Of<PeerJoined>().Count.ShouldBe(joined, "it hears one run only");

        _earlier.Dispose();
        Pass(Options.DeadAfter.TotalSeconds + 4);
        await CrossesAsync(_later, _atLater!);
        _later.Events.Of<EngineConnected>().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Runs_ThatStartTogether_TheEarlierHasTheName()
    {
        _earlier.Dispose();
        Pass(20);
        using var first = Start("n1", "m4");
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(20));
        StartLater();
        var subscriber = first.Subscribe("to/n1", out _);
        Pass(5);

        _later!.Events.Of<NameTaken>().ShouldHaveSingleItem().GivesWay.ShouldBeTrue();
        first.Node.HasJoined.ShouldBeTrue();
        _third.Events.Of<PeerJoined>().ShouldNotContain(joined => joined.PeerEpoch == EpochOf(_later));
        await CrossesAsync(first, subscriber);
    }

    [Fact]
    public async Task Runs_ThreeOfOneName_TheNextOneFollows()
    {
        StartLater();
        Pass(1);
        using var last = Start("n1", "m4");
        Pass(30);
        _earlier.Dispose();
        Pass(Options.DeadAfter.TotalSeconds + 4);

        await CrossesAsync(_later!, _atLater!);
        Pass(30);
        await CrossesAsync(_later!, _atLater!);
        _later!.Events.Of<NameTaken>().Select(taken => taken.GivesWay).ShouldBe([true, false]);
        last.Events.Of<NameTaken>().ShouldHaveSingleItem().GivesWay.ShouldBeTrue();
        last.Events.Of<NameFreed>().ShouldBeEmpty();
        last.Node.HasJoined.ShouldBeFalse();
        _third.Events.Of<PeerJoined>().Select(joined => joined.PeerEpoch).ShouldBe([EpochOf(_earlier), EpochOf(_later)]);
    }

    // Who says farewell has given way itself: the name is not free.
    [Fact]
    public async Task Farewell_OfARunThatGivesWay_FreesNothing()
    {
        CutOffFromTheEarlier("m2", "m4");
        StartLater();
        Pass(5.2);
        using var last = Start("n1", "m4");
        Pass(5);
        last.Events.Of<NameTaken>().ShouldHaveSingleItem().OtherEpoch.ShouldBe(EpochOf(_later!));

        _engine.Heal();
        CutOffFromTheEarlier("m4");
        await Eventually.HoldsAsync("the second gives way to the first", () =>
        {
            _clock.AdvanceBy(Step);
            return _later!.Events.Of<NameTaken>().Any(taken => taken.GivesWay);
        });
        _engine.Heal();
        Pass(60);

        last.Events.Of<NameFreed>().ShouldBeEmpty();
        last.Events.Of<EngineConnected>().ShouldBeEmpty();
        last.Node.HasJoined.ShouldBeFalse();
    }

    // It was cut off itself, so no answer could reach it.
    [Fact]
    public void Later_WhoseBusIsLost_DoesNotTakeThatForSilence()
    {
        StartLater();
        Pass(5);
        _engine.SetConnected("m2", false);
        Pass(60);
        _engine.SetConnected("m2", true);
        Pass(60);

        _later!.Events.Of<NameFreed>().ShouldBeEmpty();
        _later.Node.HasJoined.ShouldBeFalse();
        _third.Events.Of<PeerJoined>().ShouldHaveSingleItem();
    }

    // Of the run before, or of one whose clock was ahead: nobody is there who would hear an answer.
    [Theory]
    [InlineData("0000000000000001")]
    [InlineData("7fffffffffffffff")]
    public void LateHeartbeat_OfAnotherRun_CausesNothing(string epoch)
    {
        var bus = _engine.Connect("old");
        for (var i = 0; i < 50; i++)
        {
            bus.TryPublish("cassini.main.c.all", new Beat("n1", epoch, 1, "same", _clock.UtcNow).ToBytes());
            bus.TryPublish("cassini.main.c.node.n1", new NameAsked("n1", epoch, "").ToBytes());
            bus.TryPublish("cassini.main.c.node.n1", new NameHeld("n1", epoch, "0000000000000002").ToBytes());
            Pass(0.5);
        }

        _earlier.Events.Of<NameTaken>().ShouldBeEmpty();
        _earlier.Node.Peers.ShouldBe(["n3"]);
    }

    private void CutOffFromTheEarlier(params string[] machines)
    {
        foreach (var machine in machines)
        {
            _engine.Cut("m1", machine);
            _engine.Cut(machine, "m1");
        }
    }

    private SimulatedNode Start(string name, string machine)
    {
        var node = new SimulatedNode(_clock, _engine, name, Options, machine: machine);
        _running.Add(node.Node.RunAsync(_end.Token));
        return node;
    }

    private void StartLater()
    {
        _later = Start("n1", "m2");
        _atLater = _later.Subscribe("to/n1", out _);
    }

    /// <summary>What the third publishes comes to a node, and the other way round: once, and acknowledged.</summary>
    private async Task CrossesAsync(SimulatedNode node, LocalSubscriber subscriber)
    {
        var text = $"{++_sent}";
        var publishing = Task.WhenAll(
            _third.PublishAsync("to/n1", text, QualityOfService.AtLeastOnce),
            node.PublishAsync("to/n3", text, QualityOfService.AtLeastOnce));
        await Eventually.HoldsAsync($"{text} is acknowledged", () =>
        {
            _clock.AdvanceBy(Step);
            return publishing.IsCompleted;
        });
        (await publishing).ShouldAllBe(verdict => verdict.Refusal == LocalRefusal.None);
        Read(subscriber).ShouldBe([text]);
        Read(_atThird).ShouldBe([text]);
    }

    private static List<string> Read(LocalSubscriber subscriber)
    {
        var read = new List<string>();
        while (subscriber.TryRead(out var message))
        {
            read.Add(Encoding.UTF8.GetString(message.Message.Payload.Span));
        }

        return read;
    }

    private static string EpochOf(SimulatedNode node) => node.Epoch.ToString();

    private void Pass(double seconds)
    {
        for (var end = _clock.Elapsed + TimeSpan.FromSeconds(seconds); _clock.Elapsed < end;)
        {
            _clock.AdvanceBy(Step);
        }
    }
}
