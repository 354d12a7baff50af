using System.Buffers.Binary;
using Cassini.Streams.Cluster.Sessions;

namespace Cassini.Tests.Cluster;

public class PieceStreamTests
{
    private const int Largest = 1_000;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    [InlineData(100_000)]
    public async Task Items_OfPiecesOfAnySize_AreWhole(int pieceSize)
    {
        byte[][] items = [Item(5, 1), Item(0, 2), Item(Largest, 3), Item(7, 4), Item(120, 5), Item(1, 6)];
        var pieces = items.SelectMany(static item => item).Chunk(pieceSize).ToList();
        var stream = new PieceStream(
            wanted => Task.FromResult((pieces[wanted.Number], wanted.Number == pieces.Count - 1)), Largest);

        foreach (var item in items)
        {
            (await stream.NextAsync()).ShouldNotBeNull().ToArray().ShouldBe(item[sizeof(int)..]);
        }

        (await stream.NextAsync()).ShouldBeNull();
    }

    // A node that sends one without an end must not fill the memory of this one.
    [Fact]
    public async Task Item_WithoutAnEnd_IsGivenUp()
    {
        var first = new byte[100];
        BinaryPrimitives.WriteInt32LittleEndian(first, int.MaxValue);
        var pieces = 0;
        var stream = new PieceStream(
            _ => ++pieces < 100 ? Task.FromResult((first, false)) : throw new InvalidOperationException("it asks without end"), Largest);

        await Should.ThrowAsync<InvalidDataException>(() => stream.NextAsync());

        pieces.ShouldBe(11);
    }

    [Fact]
    public async Task Item_ThatIsCutOff_IsNone()
    {
        var stream = new PieceStream(static _ => Task.FromResult((Item(5, 1)[..6], true)), Largest);

        await Should.ThrowAsync<InvalidDataException>(() => stream.NextAsync());
    }

    // What has come of it is not copied again for each piece: that would be half a gigabyte here.
    [Fact]
    public async Task Item_OfManyPieces_TakesMemoryInProportionToItsSize()
    {
        const int size = 1024 * 1024;
        var pieces = Item(size, 1).Chunk(1_024).ToList();
        var stream = new PieceStream(
            wanted => Task.FromResult((pieces[wanted.Number], wanted.Number == pieces.Count - 1)), 2 * size);
        var before = GC.GetAllocatedBytesForCurrentThread();

        (await stream.NextAsync()).ShouldNotBeNull().Length.ShouldBe(size);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(16 * size);
    }

    private static byte[] Item(int length, byte value)
    {
        var item = new byte[sizeof(int) + length];
        BinaryPrimitives.WriteInt32LittleEndian(item, length);
        item.AsSpan(sizeof(int)).Fill(value);
        return item;
    }
}
