namespace Cassini.Harness.Plans;

/// <summary>A publisher. It ends after its duration or its messages, whichever comes first.</summary>
internal sealed record PlanPublisher
{
    /// <summary>Its index in the test, from 0. Its messages carry it.</summary>
    public required int Index { get; init; }

    public required string Name { get; init; }

    public required string Topic { get; init; }

    /// <summary>The name of its broker; null for that of the test.</summary>
    public string? Broker { get; init; }

    /// <summary>The whole payload, in bytes.</summary>
    public int MessageSize { get; init; } = 256;

    public TimeSpan? Duration { get; init; }

    /// <summary>Of all its clients together.</summary>
    public long? Messages { get; init; }

    public int Qos { get; init; } = 1;

    /// <summary>The number of keys, which messages have in turn: key = sequence modulo keys.</summary>
    public int Keys { get; init; } = 1;

    public int Clients { get; init; } = 1;

    /// <summary>QoS 1 and 2: messages of one client under way at once.</summary>
    public int InFlight { get; init; } = 64;

    public PlanPattern Pattern { get; init; } = new(1, TimeSpan.Zero);

    public PlanPayload Payload { get; init; } = new(PayloadKind.Random);

    /// <summary>How many messages a client sends; null when only the duration ends it.</summary>
    public long? MessagesOf(int client) => Messages is { } all ? (all / Clients) + (client < all % Clients ? 1 : 0) : null;
}

/// <summary><paramref name="Size"/> messages at once, then a pause; a drip is a burst of one.</summary>
internal sealed record PlanPattern(int Size, TimeSpan Idle);

internal enum PayloadKind
{
    Fixed,
    Random,
    Template,
}

/// <param name="Kind">How the body is made.</param>
/// <param name="Text">The fixed text or the template.</param>
/// <param name="Seed">For random bytes; null for the plan's.</param>
internal sealed record PlanPayload(PayloadKind Kind, string? Text = null, long? Seed = null);
