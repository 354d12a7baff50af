namespace Cassini.Tests.Architecture;

/// <summary>
/// Which room below a root namespace may use which: the table of the design, in one place. A room is a namespace directly below the
/// root, with everything in it. A new arrow is a decision: write it down in docs/decisions first, then add it to the table.
/// </summary>
internal sealed class RoomTable
{
    private readonly Dictionary<string, string[]> _mayUse;

    /// <param name="root">The root namespace.</param>
    /// <param name="mayUse">
    /// Each room with those that it may use; with <see cref="Arrow.RootRoom"/> when types may live in the root itself.
    /// </param>
    private RoomTable(string root, Dictionary<string, string[]> mayUse)
    {
        Root = root;
        _mayUse = mayUse;
    }

    /// <summary>The rooms of the library.</summary>
    public static RoomTable Streams { get; } = new("Cassini.Streams", new()
    {
        ["Settings"] = [],
        ["Events"] = [],
        ["Health"] = ["Events"],
        ["Supervision"] = ["Events"],
        ["Tls"] = ["Events"],
        ["Quotas"] = ["Events"],
        ["Listening"] = ["Events", "Supervision", "Tls", "Quotas"],
        ["Mqtt"] = [],
        ["Broker"] = ["Events", "Supervision", "Listening", "Mqtt", "Quotas"],
        ["Store"] = ["Events", "Mqtt", "Broker"],
        ["Probing"] = ["Events", "Tls", "Listening", "Mqtt"],
        ["Feed"] = ["Health"],
        ["Fleet"] = ["Events", "Health", "Feed"],
        ["Cluster"] = ["Events", "Health", "Supervision", "Mqtt", "Quotas", "Broker", "Feed", "Fleet"],
        ["Nats"] = ["Events", "Tls", "Cluster"],
        ["Hosting"] =
        [
            "Settings", "Events", "Health", "Supervision", "Tls", "Quotas", "Listening", "Mqtt", "Broker", "Store", "Probing", "Feed",
            "Fleet", "Cluster", "Nats",
        ],
        ["Primitives"] = [],
    })
    {
        Everyones = "Primitives",
        Decided =
        [
            ("Feed", "Events", "0017"),
            ("Events", "Settings", "0027"),
            ("Health", "Settings", "0027"),
            ("Supervision", "Settings", "0027"),
            ("Tls", "Settings", "0027"),
            ("Quotas", "Settings", "0027"),
            ("Listening", "Settings", "0027"),
            ("Broker", "Settings", "0027"),
            ("Store", "Settings", "0027"),
            ("Probing", "Settings", "0027"),
            ("Cluster", "Settings", "0027"),
            ("Nats", "Settings", "0027"),
        ],
    };

    /// <summary>The rooms of the events: the root has what happens, the hub publishes it.</summary>
    public static RoomTable Events { get; } = new("Cassini.Streams.Events", new()
    {
        [Arrow.RootRoom] = [],
        ["Hub"] = [Arrow.RootRoom],
    });

    /// <summary>The rooms of health. The root has the snapshot and the policy: what every other room speaks in.</summary>
    public static RoomTable Health { get; } = new("Cassini.Streams.Health", new()
    {
        [Arrow.RootRoom] = [],
        ["Facts"] = [Arrow.RootRoom],
        ["Checks"] = [Arrow.RootRoom, "Facts"],
        ["Folding"] = [Arrow.RootRoom, "Facts", "Checks"],
        ["Records"] = [Arrow.RootRoom, "Facts", "Checks", "Folding"],
        ["Projection"] = [Arrow.RootRoom, "Folding", "Records"],
    });

    /// <summary>The rooms of TLS. The root has the options, and what every other room reads files and reports errors with.</summary>
    public static RoomTable Tls { get; } = new("Cassini.Streams.Tls", new()
    {
        [Arrow.RootRoom] = [],
        ["Clients"] = [Arrow.RootRoom],
        ["Handshakes"] = ["Clients"],
        ["Files"] = [Arrow.RootRoom, "Clients", "Handshakes"],
        ["Development"] = [Arrow.RootRoom, "Clients", "Files"],
    });

    /// <summary>The rooms of the broker. The root has the composition and the public surface.</summary>
    public static RoomTable Broker { get; } = new("Cassini.Streams.Broker", new()
    {
        ["Tracing"] = [],
        ["Model"] = ["Tracing"],
        ["Durable"] = ["Model"],
        ["Outgoing"] = ["Tracing", "Model", "Durable"],
        ["Routing"] = ["Model", "Durable"],
        ["Access"] = ["Model", "Routing"],
        ["Delivery"] = ["Tracing", "Model", "Durable", "Outgoing", "Routing"],
        ["Sessions"] = ["Tracing", "Model", "Durable", "Outgoing", "Routing", "Delivery"],
        ["Connections"] = ["Tracing", "Model", "Durable", "Outgoing", "Routing", "Access", "Delivery", "Sessions"],
        ["Upkeep"] = ["Model", "Durable", "Outgoing", "Routing", "Access", "Delivery", "Sessions", "Connections"],
        [Arrow.RootRoom] =
            ["Tracing", "Model", "Durable", "Outgoing", "Routing", "Access", "Delivery", "Sessions", "Connections", "Upkeep"],
    });

    /// <summary>The folders of the management. The root puts them together.</summary>
    public static RoomTable Management { get; } = new("Cassini.Management", new()
    {
        ["Http"] = [],
        ["Telemetry"] = [],
        ["Logging"] = ["Telemetry"],
        ["Access"] = ["Http"],
        ["Transport"] = ["Access"],
        ["Pages"] = ["Http", "Access"],
        ["Control"] = ["Http", "Access"],
        ["Probes"] = ["Http", "Access"],
        ["Tables"] = ["Http", "Access", "Telemetry"],
        ["Feed"] = ["Http", "Access", "Probes"],
        ["Messages"] = ["Http", "Access", "Feed"],
        ["Fleet"] = ["Http", "Access", "Feed", "Control"],
        ["GrpcHealth"] = ["Http", "Access", "Probes"],
        [Arrow.RootRoom] =
            [
                "Http", "Telemetry", "Logging", "Access", "Transport", "Pages", "Control", "Probes", "Tables", "Feed", "Messages",
                "Fleet", "GrpcHealth",
            ],
    });

    /// <summary>The rooms of the harness. The root runs a plan, and has the exit codes of all commands.</summary>
    public static RoomTable Harness { get; } = new("Cassini.Harness", new()
    {
        ["Clients"] = [],
        ["Messages"] = [],
        ["Verdicts"] = [],
        ["Plans"] = ["Clients", "Messages"],
        ["Load"] = ["Clients", "Messages", "Verdicts", "Plans"],
        ["Health"] = ["Clients", "Verdicts", "Plans"],
        ["Workers"] = ["Clients", "Verdicts", "Plans", "Load"],
        ["Results"] = ["Plans", "Load", "Workers"],
        ["Reports"] = ["Verdicts", "Plans", "Load", "Health", "Results"],
        ["Views"] = ["Plans", "Load", "Results"],
        [Arrow.RootRoom] = ["Clients", "Verdicts", "Plans", "Load", "Health", "Workers", "Results", "Reports", "Views"],
    });

    /// <summary>What one runs. Its root is Program alone.</summary>
    public static RoomTable Web { get; } = new("Cassini.Web", new()
    {
        ["Systemd"] = [],
        ["Cli"] = ["Systemd"],
    });

    /// <summary>The folders of the command line. The root has the commands.</summary>
    public static RoomTable Cli { get; } = new("Cassini.Web.Cli", new()
    {
        ["Context"] = [],
        ["Settings"] = ["Context"],
        ["Manual"] = [],
        ["Following"] = ["Context"],
        ["Waiting"] = ["Context"],
        ["Watching"] = ["Context"],
        ["Administering"] = [],
        ["Storing"] = ["Context"],
        ["Running"] = ["Context"],
        ["Messaging"] = ["Context", "Settings"],
        ["Replaying"] = ["Context", "Settings"],
        ["Serving"] = ["Context", "Settings"],
        [Arrow.RootRoom] =
        [
            "Context", "Settings", "Manual", "Following", "Waiting", "Watching", "Administering", "Storing", "Running", "Messaging",
            "Replaying", "Serving",
        ],
    });

    public static IReadOnlyList<RoomTable> All { get; } = [Streams, Events, Health, Tls, Broker, Management, Harness, Web, Cli];

    public string Root { get; }

    public IEnumerable<string> Rooms => _mayUse.Keys;

    /// <summary>The room that every room may use; null when there is none.</summary>
    public string? Everyones { get; private init; }

    /// <summary>Arrows that the design's table lacks and a page in docs/decisions allows.</summary>
    public IReadOnlyList<(string From, string To, string Decision)> Decided { get; private init; } = [];

    public bool Has(string? room) => room is not null && _mayUse.ContainsKey(room);

    /// <summary>Whether the design has the arrow.</summary>
    public bool Allows(string from, string to) =>
        to == Everyones
        || (_mayUse.TryGetValue(from, out var allowed) && allowed.Contains(to))
        || Decided.Any(decided => decided.From == from && decided.To == to);

    /// <summary>The same table with one arrow less: to prove that the walk would notice.</summary>
    public RoomTable Without(string from, string to) => new(Root, _mayUse.ToDictionary(
        room => room.Key, room => room.Key == from ? [.. room.Value.Where(allowed => allowed != to)] : room.Value))
    {
        Everyones = Everyones,
        Decided = Decided,
    };

    public override string ToString() => Root;
}
