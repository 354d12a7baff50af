namespace Cassini.Tests.Architecture;

/// <summary>Which folder of Cassini.Management may use which. The root puts them together, and none of them uses the root.</summary>
public class ManagementRoomsTests
{
    private const string Root = "Cassini.Management";

    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Http"] = [],
        ["Telemetry"] = [],
        ["Access"] = ["Http"],
        ["Logging"] = ["Telemetry"],
        ["Pages"] = ["Http", "Access"],
        ["Control"] = ["Http", "Access"],
        ["Probes"] = ["Http", "Access"],
        ["Tables"] = ["Http", "Access", "Telemetry"],
        ["Feed"] = ["Http", "Access", "Probes"],
        ["GrpcHealth"] = ["Http", "Access", "Probes"],
    };

    private static IReadOnlyList<Type> Types => [.. ProductAssemblies.Management.GetTypes().Where(type => !Conventions.IsGenerated(type))];

    [Fact]
    public void Arrows_BetweenFolders_AreThoseOfTheTable() => Forbidden(MayUse).ShouldBeEmpty("the table lacks these arrows");

    [Fact]
    public void Arrows_TableLacksOneThatIsInUse_AreReported()
    {
        var without = new Dictionary<string, string[]>(MayUse) { ["Access"] = [] };

        Forbidden(without).ShouldNotBeEmpty();
        Forbidden(without).ShouldAllBe(arrow => arrow.From == "Access" && arrow.To == "Http");
    }

    /// <summary>A type of the root has no room: only its name tells.</summary>
    [Fact]
    public void Folders_OfTheTable_DoNotUseTheRoot() =>
        Types.Where(type => Arrow.RoomOf(type, Root) is not null)
            .SelectMany(type => TypeReferences.Of(type).Where(reference => reference.Used.Namespace == Root).Select(reference => $"{type} uses {reference.Used}"))
            .ShouldBeEmpty();

    [Fact]
    public void Table_Followed_NeverComesBack()
    {
        var isDone = new HashSet<string>();
        while (isDone.Count < MayUse.Count)
        {
            var next = MayUse.Where(room => !isDone.Contains(room.Key) && room.Value.All(isDone.Contains)).Select(room => room.Key).ToList();
            next.ShouldNotBeEmpty("the rest is a circle");
            isDone.UnionWith(next);
        }
    }

    private static List<Arrow> Forbidden(Dictionary<string, string[]> table) =>
        [.. Arrow.Among(Types, Root).Where(arrow => !table.TryGetValue(arrow.From, out var allowed) || !allowed.Contains(arrow.To))];
}
