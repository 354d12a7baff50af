namespace Cassini.Harness.Plans;

/// <summary>A subscriber, and what it expects to receive.</summary>
internal sealed record PlanSubscriber
{
    /// <summary>Its index in the test, from 0.</summary>
    public required int Index { get; init; }

    public required string Name { get; init; }

    /// <summary>A filter, possibly a shared one.</summary>
    public required string Topic { get; init; }

    /// <summary>The name of its broker; null for that of the test.</summary>
    public string? Broker { get; init; }

    public int Qos { get; init; } = 1;

    public PlanExpectation Expect { get; init; } = new();
}

/// <summary>What must hold for the test to pass.</summary>
internal sealed record PlanExpectation
{
    /// <summary>Different messages of this test; null when their number does not matter.</summary>
    public long? AtLeast { get; init; }

    /// <summary>The time for <see cref="AtLeast"/>, from the test's start; null for the whole test.</summary>
    public TimeSpan? Within { get; init; }

    public bool NoDuplicates { get; init; }

    public bool NoCorruption { get; init; } = true;

    /// <summary>Messages of one client of a publisher with the same key arrive in the order in which they were sent.</summary>
    public bool OrderPerKey { get; init; }

    /// <summary>The longest time without a message, from the test's start to the end of its publishers; null for any.</summary>
    public TimeSpan? MaxGap { get; init; }

    /// <summary>All messages of the publishers that match must arrive.</summary>
    public bool NoLoss { get; init; }

    /// <summary>Whether messages of other tests, runs and programs may arrive.</summary>
    public bool AllowForeign { get; init; }
}
