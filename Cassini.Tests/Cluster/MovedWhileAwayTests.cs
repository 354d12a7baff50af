using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>
/// A session goes from one node to another while a third one is away that has kept messages for it: it gets them all the same, once and in
/// order. So do those that stay where they are.
/// </summary>
public sealed class MovedWhileAwayTests : IAsyncDisposable
{
    private static readonly ClusterOptions Options = new() { DeadAfter = TimeSpan.FromSeconds(4), JoinPatience = TimeSpan.FromMinutes(10) };

    private readonly SimulatedFleet _fleet = new(seed: 1, new Random(1));
    private readonly InMemoryStore[] _stores;
    private readonly RoamingClients _clients;
    private readonly RoamingClient _client = new("c", QualityOfService.ExactlyOnce, static _ => { });
    private readonly List<Task<LocalVerdict>> _published = [];

    public MovedWhileAwayTests()
    {
        _stores = [.. Enumerable.Range(0, _fleet.Size).Select(_ => new InMemoryStore { GivesBack = true, Time = _fleet.Clock.Time })];
        _clients = new RoamingClients(_fleet);
    }

    private SimulatedNode First => _fleet[0];

    private SimulatedNode Second => _fleet[1];

    private SimulatedNode Third => _fleet[2];

    public async ValueTask DisposeAsync()
    {
        await _clients.EndAsync();
        _fleet.Stop();
    }

    // The first node has it on its disk, for a node whose session it is not any more.
    [Fact]
    public async Task Keeper_IsKilledAndBack_SendsItWhereTheSessionIs()
    {
        await BeginAsync(_client);
        Kill(1);
        await HoldsAsync("it is lost", () => First.Node.Peers.Length == 1);
        Publish(5);
        await HoldsAsync("all is acknowledged", () => _published.TrueForAll(one => one.IsCompleted));
        Kill(0);
        Start(1);
        await MoveAsync(_client, Third);
        _client.Got.ShouldBeEmpty();

        Start(0);
        await HoldsAsync("it has joined", () => First.Node.HasJoined);
        Publish(3);

        await GotAsync(_client, 8);
    }

    // Its clients publish all the while, also when the network is whole again and it does not know yet who is where.
    [Fact]
    public async Task Keeper_IsCutOffAndBack_SendsItWhereTheSessionIs()
    {
        var staying = new RoamingClient("d", QualityOfService.ExactlyOnce, static _ => { });
        var returning = new RoamingClient("e", QualityOfService.ExactlyOnce, static _ => { });
        await BeginAsync(_client);
        await BeginAsync(returning);
        await BeginAsync(staying, Third);
        await CutOffAsync();
        Publish(5);
        await MoveAsync(_client, Third);
        Publish(5);
        await HoldsAsync("all is acknowledged", () => _published.TrueForAll(one => one.IsCompleted));

        _fleet.Engine.Heal();
        for (var i = 0; i < 40; i++)
        {
            Publish(1);
            await _clients.AdvanceAsync(TimeSpan.FromMilliseconds(50));
        }

        await MoveAsync(returning, Second);
        await MoveAsync(staying, Third);
        await GotAsync(_client, 50);
        await GotAsync(staying, 50);
        await GotAsync(returning, 50);
    }

    // Two have changed places: what is kept for each of the two nodes is for a session on the other one.
    [Fact]
    public async Task Sessions_HaveChangedPlaces_GetTheirOwn()
    {
        var other = new RoamingClient("d", QualityOfService.ExactlyOnce, static _ => { });
        await BeginAsync(_client);
        await BeginAsync(other, Third, "u");
        await CutOffAsync();
        for (var i = 0; i < 5; i++)
        {
            Publish(1);
            Publish(1, "u");
        }

        await MoveAsync(_client, Third);
        await MoveAsync(other, Second);
        Publish(5);
        Publish(5, "u");
        _fleet.Engine.Heal();

        await GotAsync(_client, 0, 2, 4, 6, 8, 10, 11, 12, 13, 14);
        await GotAsync(other, 1, 3, 5, 7, 9, 15, 16, 17, 18, 19);
    }

    // It is another session, though it is that of the same client.
    [Fact]
    public async Task Session_BegunAnewElsewhere_GetsNothingThatWasPublishedBefore()
    {
        await BeginAsync(_client);
        await CutOffAsync();
        Publish(5);
        await HoldsAsync("all is acknowledged", () => _published.TrueForAll(one => one.IsCompleted));
        _client.CleanStart = true;
        await ConnectAsync(_client, Third);
        await SubscribeAsync(_client);
        _fleet.Engine.Heal();
        await HoldsAsync("nothing is kept", IsWhole);
        Publish(2);

        await HoldsAsync("it comes", () => _client.Got.Count >= 2);
        await _clients.AdvanceAsync(TimeSpan.FromSeconds(2));
        _client.Got.ShouldBe([5, 6]);
    }

    // Nobody has it: that costs those that stay a while, and no more.
    [Fact]
    public async Task Session_ThatHasEnded_DoesNotHoldUpOthers()
    {
        var staying = new RoamingClient("d", QualityOfService.ExactlyOnce, static _ => { });
        await BeginAsync(_client);
        await BeginAsync(staying);
        await CutOffAsync();
        Publish(5);
        await HoldsAsync("all is acknowledged", () => _published.TrueForAll(one => one.IsCompleted));
        await Second.Broker.Releasing.EndAsync("c");
        _fleet.Engine.Heal();
        await MoveAsync(staying, Second);

        await GotAsync(staying, 5);
        await HoldsAsync("nothing is kept", IsWhole);
    }

    // The others have given it up, and it hears them all the while: what it sends is not taken for sessions that have gone.
    [Fact]
    public async Task Keeper_ThatIsNotHeard_SendsItWhereTheSessionIs()
    {
        await BeginAsync(_client);
        CutFromFirst();
        Publish(5);
        await HoldsAsync("it is given up", () => !Second.Node.Peers.Contains("n1") && !Third.Node.Peers.Contains("n1"));
        Publish(5);
        await MoveAsync(_client, Third);
        Publish(5);
        _fleet.Engine.Heal();

        await GotAsync(_client, 15);
        _published.ShouldAllBe(one => one.IsCompleted);
    }

    // It hears that the session has come to a node before it hears that the other one has given it up.
    [Fact]
    public async Task Keeper_ThatHearsOnlyTheNewNode_SendsItWhereTheSessionIs()
    {
        await BeginAsync(_client);
        CutFromFirst();
        Publish(5);
        await _clients.AdvanceAsync(TimeSpan.FromSeconds(3));
        _fleet.Engine.Cut("n2", "n1");
        await HoldsAsync("it is given up", () => !Second.Node.Peers.Contains("n1") && !Third.Node.Peers.Contains("n1"));
        await MoveAsync(_client, Third);
        await HoldsAsync("it knows of the move", () => First.Node.OwnersOf(ClientHash.Of("c")).Any(owner => owner.Node == "n3"));
        First.Node.Peers.ShouldContain("n2", "it has not given that up");
        _fleet.Engine.Heal();

        await GotAsync(_client, 5);
    }

    // The node where it was wants it back, and that fails: what is kept for that node must not be sent there meanwhile.
    [Fact]
    public async Task Session_ThatDoesNotComeBack_GetsItWhereItStays()
    {
        await BeginAsync(_client);
        await CutOffAsync();
        Publish(5);
        await MoveAsync(_client, Third);
        await HoldsAsync("all is acknowledged", () => _published.TrueForAll(one => one.IsCompleted));
        await _client.LeaveAsync(isPolite: false);

        // It has all marks, and no messages.
        using var ear = _fleet.Engine.Connect("ear").Subscribe("cassini.main.c.all", bytes =>
        {
            if (ControlMessage.Read(bytes.Span) is MarksAsked)
            {
                _fleet.Engine.Lose("cassini.main.m.n2");
            }
        });
        await _client.ConnectAsync(Second);
        await _clients.AdvanceAsync(TimeSpan.FromMilliseconds(200));
        _fleet.Engine.Heal();
        _fleet.Engine.Lose("cassini.main.m.n2");
        await HoldsAsync("it is refused", () => !_client.IsConnecting);
        _client.IsConnected.ShouldBeFalse();
        await MoveAsync(_client, Third);

        await GotAsync(_client, 5);
    }

    // Where it was has no session of it any more, and where it is now is not heard yet: it must not begin anew.
    [Fact]
    public async Task Client_OfASessionThatIsSought_IsRefused()
    {
        await BeginAsync(_client);
        await CutOffAsync();
        Publish(5);
        await MoveAsync(_client, Third);
        await _client.LeaveAsync(isPolite: false);
        _fleet.Engine.Heal();
        _fleet.Engine.Cut("n1", "n3");
        _fleet.Engine.Cut("n3", "n1");
        await HoldsAsync("it hears where that was", () =>
            First.Node.Peers.Contains("n2") && First.Node.OwnersOf(ClientHash.Of("c")).IsEmpty);
        await _client.ConnectAsync(First);
        await _clients.AdvanceAsync(TimeSpan.FromSeconds(1));
        _fleet.Engine.Heal();
        await MoveAsync(_client, First);

        await GotAsync(_client, 5);
    }

    // What is published since is kept for both nodes.
    [Fact]
    public async Task NewNode_KilledBeforeItGotAnything_GetsItOnce()
    {
        await BeginAsync(_client);
        await CutOffAsync();
        Publish(5);
        await MoveAsync(_client, Third);
        await HoldsAsync("all is acknowledged", () => _published.TrueForAll(one => one.IsCompleted));
        _fleet.Engine.Heal();
        _fleet.Engine.Lose("cassini.main.d.n3.n1");
        await HoldsAsync("it is found", () => First.Broker.Sessions.FindQueue("n3") is not null);
        Publish(3);
        await _clients.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        Kill(2);
        Start(2);
        _fleet.Engine.Heal();
        await MoveAsync(_client, Third);

        await GotAsync(_client, 8);
    }

    /// <summary>The others do not hear the first node, which hears them.</summary>
    private void CutFromFirst()
    {
        _fleet.Engine.Cut("n1", "n2");
        _fleet.Engine.Cut("n1", "n3");
    }

    private bool IsWhole() => _fleet.Live.All(node => node.Node.Peers.Length == 2 && !node.Broker.Sessions.Queues.Any());

    /// <summary>A client subscribes on a node, the second one if none is given, and goes away.</summary>
    private async Task BeginAsync(RoamingClient client, SimulatedNode? on = null, string topic = "t")
    {
        if (!_fleet.Live.Any())
        {
            _fleet.StartAll(Options, _stores);
        }

        _clients.All.Add(client);
        await ConnectAsync(client, on ?? Second);
        await SubscribeAsync(client, topic);
        await client.LeaveAsync(isPolite: false);
    }

    private async Task ConnectAsync(RoamingClient client, SimulatedNode to)
    {
        await client.ConnectAsync(to);
        await HoldsAsync("it is connected", () => client.IsConnected);
    }

    private async Task SubscribeAsync(RoamingClient client, string topic = "t")
    {
        await client.SubscribeAsync(topic);
        await HoldsAsync("it has subscribed", () => client.IsSubscribed);
    }

    /// <summary>A client comes to a node, as often as it is sent away.</summary>
    private Task MoveAsync(RoamingClient client, SimulatedNode to) => HoldsAsync("it has moved", async () =>
    {
        if (!client.IsConnected && !client.IsConnecting)
        {
            await client.ConnectAsync(to);
        }

        return client.IsConnected;
    });

    /// <summary>The first node and the others hear nothing of each other.</summary>
    private async Task CutOffAsync()
    {
        foreach (var other in (ReadOnlySpan<SimulatedNode>)[Second, Third])
        {
            _fleet.Engine.Cut("n1", other.Name);
            _fleet.Engine.Cut(other.Name, "n1");
        }

        await HoldsAsync("they are lost", () => First.Node.Peers.IsEmpty && !Third.Node.Peers.Contains("n1"));
    }

    private void Publish(int count, string topic = "t")
    {
        for (var i = 0; i < count; i++)
        {
            _published.Add(First.PublishAsync(topic, $"{_published.Count}", QualityOfService.ExactlyOnce));
        }
    }

    private void Kill(int index)
    {
        var killed = _fleet.Kill(index);
        _stores[index] = _stores[index].Copy();
        _clients.All.ForEach(client => client.Lose(killed));
        killed.Dispose();
    }

    private void Start(int index) => _fleet.Start(index, Options, _stores[index]);

    /// <summary>A client got each message once, and in order.</summary>
    private Task GotAsync(RoamingClient client, int count) => GotAsync(client, [.. Enumerable.Range(0, count)]);

    private async Task GotAsync(RoamingClient client, params int[] numbers)
    {
        try
        {
            await HoldsAsync("all has come", () => client.Got.Count >= numbers.Length);
            await _clients.AdvanceAsync(TimeSpan.FromSeconds(2));
        }
        catch (TimeoutException)
        {
            // What came says more.
        }

        client.Faults.ShouldBeEmpty();
        client.Got.ShouldBe([.. numbers], $"messages of {client.Id}");
    }

    private Task HoldsAsync(string what, Func<bool> condition) => HoldsAsync(what, () => ValueTask.FromResult(condition()));

    /// <summary>Lets time pass, and clients read, until something holds.</summary>
    private Task HoldsAsync(string what, Func<ValueTask<bool>> condition) => Eventually.BecomesAsync(
        what,
        async () =>
        {
            await _clients.AdvanceWellAsync(TimeSpan.FromMilliseconds(100));
            return await condition();
        },
        holds => holds);
}
