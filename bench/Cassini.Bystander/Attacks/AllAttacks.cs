namespace Cassini.Bystander.Attacks;

/// <summary>The attacks by name, in the order of the table.</summary>
internal static class AllAttacks
{
    private static readonly (string Name, Func<IAttack> Make)[] All =
    [
        ("retained-storm", () => new RetainedStorm()),
        ("retained-steady", () => new RetainedSteady()),
        ("shared-groups", () => new SharedGroups("groups")),
        ("shared-groups-all", () => new SharedGroups("#")),
        ("shared-groups-sys", () => new SharedGroups("$SYS/#")),
        ("absent-members", () => new AbsentMembers()),
        ("overlap", () => new Overlap()),
        ("slow-fan-out", () => new SlowFanOut()),
        ("unfinished", () => new Unfinished()),
        ("wills", () => new Wills()),
        ("unread-answers", () => new UnreadAnswers()),
        ("two-identifiers", () => new TwoIdentifiers()),
        ("connections", () => new Connections()),
        ("sessions", () => new Sessions()),
        ("absent-queues", () => new AbsentQueues()),
        ("unfinished-connect", () => new UnfinishedConnect()),
        ("qos2-ids", () => new QoS2Ids()),
        ("topics", () => new Topics()),
        ("search-lattice", () => new SearchLattice()),
        ("user-properties", () => new UserProperties()),
    ];

    public static IEnumerable<string> Names => ["none", .. All.Select(attack => attack.Name)];

    /// <exception cref="FormatException">There is no such attack.</exception>
    public static IAttack Named(string name) => All.FirstOrDefault(attack => attack.Name == name) is { Make: { } make }
        ? make()
        : throw new FormatException($"there is no attack '{name}'; there are {string.Join(' ', Names)}");
}
