namespace Cassini.Tests.Architecture;

/// <summary>Every type lives in a room of a table, and uses only the rooms that its own may use.</summary>
public class RoomsTests
{
    public static TheoryData<string> Roots => [.. RoomTable.All.Select(table => table.Root)];

    [Theory]
    [MemberData(nameof(Roots))]
    public void Types_LiveInARoomOfTheTable(string root)
    {
        var table = TableOf(root);
        TypesBelow(table)
            .Where(type => !Conventions.IsGenerated(type) && !table.Has(Arrow.RoomOf(type, root)))
            .Select(type => type.FullName)
            .ShouldBeEmpty("a type outside the rooms answers to no rule");
    }

    /// <summary>Program alone has no namespace: it is the list of the commands.</summary>
    [Fact]
    public void Types_OfTheProduct_AreBelowTheRootOfATable() => ProductAssemblies.All
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => !Conventions.IsGenerated(type) && type.FullName != "Program")
        .Where(type => RoomTable.All.All(table => Arrow.RoomOf(type, table.Root) is null))
        .Select(type => type.FullName)
        .ShouldBeEmpty("a type that no table knows answers to no rule");

    [Theory]
    [MemberData(nameof(Roots))]
    public void Arrows_BetweenRooms_AreThoseOfTheTable(string root) =>
        Forbidden(TableOf(root)).ShouldBeEmpty("the design's table lacks these arrows");

    [Theory]
    [InlineData("Cassini.Streams", "Health", "Events")]
    [InlineData("Cassini.Streams", "Nats", "Cluster")]
    [InlineData("Cassini.Streams.Events", "Hub", Arrow.RootRoom)]
    [InlineData("Cassini.Streams.Health", "Projection", "Records")]
    [InlineData("Cassini.Streams.Tls", "Files", "Clients")]
    [InlineData("Cassini.Streams.Broker", "Access", "Routing")]
    [InlineData("Cassini.Streams.Broker", Arrow.RootRoom, "Upkeep")]
    [InlineData("Cassini.Management", "Access", "Http")]
    [InlineData("Cassini.Management", "Tables", "Telemetry")]
    [InlineData("Cassini.Harness", "Plans", "Messages")]
    [InlineData("Cassini.Harness", "Views", "Results")]
    [InlineData("Cassini.Web", "Cli", "Systemd")]
    [InlineData("Cassini.Web.Cli", "Replaying", "Settings")]
    [InlineData("Cassini.Web.Cli", Arrow.RootRoom, "Context")]
    public void Arrows_TableLacksOneThatIsInUse_AreReported(string root, string from, string to)
    {
        var forbidden = Forbidden(TableOf(root).Without(from, to));
        forbidden.ShouldNotBeEmpty();
        forbidden.ShouldAllBe(arrow => arrow.From == from && arrow.To == to);
    }

    [Theory]
    [MemberData(nameof(Roots))]
    public void Table_Followed_NeverComesBack(string root)
    {
        var table = TableOf(root);
        foreach (var room in table.Rooms)
        {
            var reached = new HashSet<string>();
            var next = new Queue<string>([room]);
            while (next.TryDequeue(out var from))
            {
                foreach (var to in table.Rooms.Where(to => to != from && table.Allows(from, to) && reached.Add(to)))
                {
                    next.Enqueue(to);
                }
            }

            reached.ShouldNotContain(room);
        }
    }

    private static RoomTable TableOf(string root) => RoomTable.All.Single(table => table.Root == root);

    /// <summary>All types in the root namespace or below it.</summary>
    private static IEnumerable<Type> TypesBelow(RoomTable table) => ProductAssemblies.All
        .SelectMany(assembly => assembly.GetTypes())
        .Where(
            type => type.Namespace is { } space && (space == table.Root || space.StartsWith(table.Root + ".", StringComparison.Ordinal)));

    private static List<Arrow> Forbidden(RoomTable table) =>
        [.. Arrow.Among(TypesBelow(table), table.Root).Where(arrow => !table.Allows(arrow.From, arrow.To))];
}
