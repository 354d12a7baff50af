namespace Cassini.Harness.Plans;

/// <summary>The kind of a field's value.</summary>
internal enum FieldKind
{
    Text,
    Integer,
    Flag,
    Duration,
    Object,
    List,
}

/// <summary>A field that a plan may have.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">The kind of its value.</param>
/// <param name="IsRequired">Whether it must be present.</param>
/// <param name="Of">The shape of the object, or of the list's objects.</param>
/// <param name="Values">What text is allowed; null for any.</param>
/// <param name="Was">How earlier versions spelled the name, which is still read; null when it is as it always was.</param>
internal sealed record FieldShape(
    string Name, FieldKind Kind, bool IsRequired = false, PlanShape? Of = null, IReadOnlyList<string>? Values = null, string? Was = null);

/// <summary>
/// The fields of one kind of object. The reader accepts no other field, but each of them in its earlier spelling too. A test compares
/// docs/use/plan.schema.json with it, so that the published schema is what the reader accepts.
/// </summary>
internal sealed record PlanShape(string Name, IReadOnlyList<FieldShape> Fields)
{
    public static readonly IReadOnlyList<string> Statuses = ["ok", "degraded", "error"];

    public static readonly IReadOnlyList<string> Faults =
        ["crash-connection", "crash-accept", "crash-manager", "stall-accept", "close-endpoint", "stop-ticks", "resume"];

    public static readonly PlanShape Plan = new("plan",
    [
        new("$schema", FieldKind.Text),
        new("name", FieldKind.Text, IsRequired: true),
        new("seed", FieldKind.Integer),
        new("readyTimeout", FieldKind.Duration, Was: "ready_timeout"),
        new("timeout", FieldKind.Duration),
        new("settle", FieldKind.Duration),
        new("brokers", FieldKind.List, IsRequired: true, Of: new("broker",
        [
            new("name", FieldKind.Text, IsRequired: true),
            new("management", FieldKind.Text, IsRequired: true),
            new("mqtt", FieldKind.Text, IsRequired: true),
            new("tls", FieldKind.Object, IsRequired: true, Of: new("tls",
            [
                new("ca", FieldKind.Text, IsRequired: true),
                new("cert", FieldKind.Text, IsRequired: true),
                new("key", FieldKind.Text, IsRequired: true),
                new("serverName", FieldKind.Text, Was: "server_name"),
            ])),
            new("tokenFile", FieldKind.Text, Was: "token_file"),
        ])),
        new("fleet", FieldKind.Flag),
        new("health", FieldKind.Object, Of: new("health", [new("allow", FieldKind.Text, Values: Statuses)])),
        new("tests", FieldKind.List, IsRequired: true, Of: new("test",
        [
            new("name", FieldKind.Text, IsRequired: true),
            new("broker", FieldKind.Text),
            new("timeout", FieldKind.Duration),
            new("publishers", FieldKind.List, IsRequired: true, Of: Publisher(), Was: "producers"),
            new("subscribers", FieldKind.List, Of: Subscriber(), Was: "sinks"),
            new("faults", FieldKind.List, Of: new("fault",
            [
                new("at", FieldKind.Duration, IsRequired: true),
                new("fault", FieldKind.Text, IsRequired: true, Values: Faults),
                new("endpoint", FieldKind.Text),
                new("broker", FieldKind.Text),
                new("tolerate", FieldKind.Duration),
            ])),
        ])),
    ]);

    private static PlanShape Publisher() => new("publisher",
    [
        new("name", FieldKind.Text, IsRequired: true),
        new("topic", FieldKind.Text, IsRequired: true),
        new("broker", FieldKind.Text),
        new("messageSize", FieldKind.Integer, Was: "message_size"),
        new("duration", FieldKind.Duration),
        new("messages", FieldKind.Integer),
        new("qos", FieldKind.Integer),
        new("keys", FieldKind.Integer),
        new("clients", FieldKind.Integer),
        new("inFlight", FieldKind.Integer, Was: "in_flight"),
        new("pattern", FieldKind.Object, Of: new("pattern",
        [
            new("drip", FieldKind.Object, Of: new("drip", [new("idle", FieldKind.Duration, IsRequired: true)])),
            new("burst", FieldKind.Object, Of: new("burst",
            [
                new("size", FieldKind.Integer, IsRequired: true),
                new("idle", FieldKind.Duration, IsRequired: true),
            ])),
        ])),
        new("payload", FieldKind.Object, Of: new("payload",
        [
            new("fixed", FieldKind.Text),
            new("random", FieldKind.Object, Of: new("random", [new("seed", FieldKind.Integer)])),
            new("template", FieldKind.Text),
        ])),
    ]);

    private static PlanShape Subscriber() => new("subscriber",
    [
        new("name", FieldKind.Text, IsRequired: true),
        new("topic", FieldKind.Text, IsRequired: true),
        new("broker", FieldKind.Text),
        new("qos", FieldKind.Integer),
        new("expect", FieldKind.Object, Of: new("expect",
        [
            new("atLeast", FieldKind.Integer, Was: "at_least"),
            new("within", FieldKind.Duration),
            new("noDuplicates", FieldKind.Flag, Was: "no_duplicates"),
            new("noCorruption", FieldKind.Flag, Was: "no_corruption"),
            new("orderPerKey", FieldKind.Flag, Was: "order_per_key"),
            new("maxGap", FieldKind.Duration, Was: "max_gap"),
            new("noLoss", FieldKind.Flag, Was: "no_loss"),
            new("allowForeign", FieldKind.Flag, Was: "allow_foreign"),
        ])),
    ]);
}
