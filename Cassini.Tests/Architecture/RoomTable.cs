namespace Cassini.Tests.Architecture;

/// <summary>
/// Which room may use which: the table of the design, in one place. A room is the namespace below Cassini.Streams, with
/// everything in it. A new arrow is a decision: write it down in docs/decisions first, then add it to
/// <see cref="Decided"/>.
/// </summary>
internal sealed class RoomTable
{
    public const string Root = "Cassini.Streams";

    private static readonly string[] Rooms =
    [
        "Settings", "Events", "Health", "Supervision", "Tls", "Listening", "Mqtt", "Broker", "Store", "Probing", "Feed", "Hosting",
    ];

    /// <summary>What every room may use, and what uses none.</summary>
    private const string Primitives = "Primitives";

    /// <summary>Arrows that the design's table lacks and a page in docs/decisions allows.</summary>
    private static readonly (string From, string To, string Decision)[] Decided = 
    [
        ("Feed", "Events", "0017"),
        ("Events", "Settings", "0027"),
        ("Health", "Settings", "0027"),
        ("Supervision", "Settings", "0027"),
        ("Tls", "Settings", "0027"),
        ("Listening", "Settings", "0027"),
        ("Broker", "Settings", "0027"),
        ("Probing", "Settings", "0027"),
    ];

    private readonly Dictionary<string, string[]> _mayUse;

    private RoomTable(Dictionary<string, string[]> mayUse) => _mayUse = mayUse;

    public static RoomTable Design { get; } = new(new Dictionary<string, string[]>
    {
        ["Settings"] = [],
        ["Events"] = [],
        ["Health"] = ["Events"],
        ["Supervision"] = ["Events"],
        ["Tls"] = ["Events"],
        ["Listening"] = ["Events", "Supervision", "Tls"],
        ["Mqtt"] = [],
        ["Broker"] = ["Events", "Supervision", "Listening", "Mqtt"],
        ["Store"] = ["Events", "Broker"],
        ["Probing"] = ["Events", "Tls", "Listening", "Mqtt"],
        ["Feed"] = ["Health"],
        ["Hosting"] = Rooms,
        [Primitives] = [],
    });

    public bool Has(string? room) => room is not null && _mayUse.ContainsKey(room);

    public bool Allows(Arrow arrow) =>
        arrow.To == Primitives
        || (_mayUse.TryGetValue(arrow.From, out var allowed) && allowed.Contains(arrow.To))
        || Decided.Any(decided => decided.From == arrow.From && decided.To == arrow.To);

    /// <summary>The same table with one arrow less: to prove that the walk would notice.</summary>
    public RoomTable Without(string from, string to) => new(_mayUse.ToDictionary(
        room => room.Key, room => room.Key == from ? [.. room.Value.Where(allowed => allowed != to)] : room.Value));
}
