using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Cluster;

/// <summary>A session on its way to another node, piece by piece.</summary>
public class DepartureTests
{
    private const int PieceSize = 1_000;

    // After a failure there is no next message, and that must not look like the end.
    [Fact]
    public async Task Piece_WhoseMessagesCannotBeRead_IsNeverTheLastOne()
    {
        await using var rig = await RigAsync();
        using var departure = await BeginAsync(rig);
        (await departure.PieceAsync(0)).ShouldNotBeNull();
        rig.Store.Reading = () => throw new IOException("it cannot be read");
        await Should.ThrowAsync<IOException>(() => LastAsync(departure));
        rig.Store.Reading = () => { };

        (await LastAsync(departure)).ShouldBeNull("nothing of it can come any more");
    }

    // It has no messages any more, and must not come without them.
    [Fact]
    public async Task Piece_OfASessionThatHasEnded_IsNone()
    {
        await using var rig = await RigAsync();
        using var departure = await BeginAsync(rig);
        (await departure.PieceAsync(0)).ShouldNotBeNull();

        await rig.Broker.Releasing.EndAsync("c");

        await Should.ThrowAsync<InvalidDataException>(() => LastAsync(departure));
        (await LastAsync(departure)).ShouldBeNull("nothing of it can come any more");
    }

    [Fact]
    public async Task Piece_AfterPiece_BringsAll()
    {
        await using var rig = await RigAsync();
        using var departure = await BeginAsync(rig);
        (await departure.PieceAsync(0)).ShouldNotBeNull();

        SessionPiece.TryRead((await LastAsync(departure)).ShouldNotBeNull(), out _, out var piece, out var isLast, out _).ShouldBeTrue();

        (piece, isLast).ShouldBe((5, true));
    }

    // What is left of it is not copied again for each piece: that would be half a gigabyte here.
    [Fact]
    public async Task Piece_OfALargeMessage_TakesMemoryInProportionToItself()
    {
        const int size = 1_000_000;
        await using var rig = new BrokerRig();
        var client = await rig.OpenAsync("c", change: BrokerRig.Lasting);
        await client.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", new string('x', size), QualityOfService.AtLeastOnce);
        using var departure = await BeginAsync(rig);
        (await departure.PieceAsync(0)).ShouldNotBeNull();
        (await departure.PieceAsync(1)).ShouldNotBeNull();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var piece = 2; piece < 1_000; piece++)
        {
            var making = departure.PieceAsync(piece);
            making.IsCompleted.ShouldBeTrue("it is read");
            (await making).ShouldNotBeNull();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(16 * size);
    }

    // The session would leave for ever: whoever ends it has it, or the one that begins it is told that it is over.
    [Fact]
    public async Task Begin_WhileItEnds_LeavesTheSessionToOneOfBoth()
    {
        await using var rig = await RigAsync();
        var released = await rig.Broker.Releasing.ReleaseAsync("c", "alice", false, static () => true, CancellationToken.None);
        for (var i = 0; i < 1_000; i++)
        {
            using var departure = new Departure(new SessionAsked("n2", "e2", "e1", 7, "c", "alice", false, 1), PieceSize, rig.Clock.Time);
            using var both = new Barrier(2);
            var ending = Task.Run(() =>
            {
                both.SignalAndWait(TestContext.Current.CancellationToken);
                return departure.End();
            });
            both.SignalAndWait(TestContext.Current.CancellationToken);

            var hasBegun = departure.TryBegin(released);

            (await ending is not null).ShouldBe(hasBegun);
        }
    }

    /// <summary>Asks for pieces until the last one, or until there is none.</summary>
    private static async Task<byte[]?> LastAsync(Departure departure)
    {
        for (var piece = 1; ; piece++)
        {
            var made = await departure.PieceAsync(piece);
            if (made is null || (SessionPiece.TryRead(made, out _, out _, out var isLast, out _) && isLast))
            {
                return made;
            }
        }
    }

    private static async Task<Departure> BeginAsync(BrokerRig rig)
    {
        var departure = new Departure(new SessionAsked("n2", "e2", "e1", 7, "c", "alice", false, 1), PieceSize, rig.Clock.Time);
        var released = await rig.Broker.Releasing.ReleaseAsync("c", "alice", false, static () => true, CancellationToken.None);
        departure.TryBegin(released).ShouldBeTrue();
        departure.Marks.OnOwn([]);
        return departure;
    }

    /// <summary>A session with forty messages of which all but the first are in the store alone.</summary>
    private static async Task<BrokerRig> RigAsync()
    {
        var rig = new BrokerRig(options => options with { MaxQueuedInMemory = 1 }, new InMemoryStore { GivesBack = true });
        var client = await rig.OpenAsync("c", change: BrokerRig.Lasting);
        await client.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 40; i++)
        {
            await publisher.PublishAsync("t", new string('x', 80), QualityOfService.AtLeastOnce);
        }

        return rig;
    }
}
