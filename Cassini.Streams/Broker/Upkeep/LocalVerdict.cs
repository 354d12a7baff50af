using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Why a message that was published within this process was refused.</summary>
internal enum LocalRefusal
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>The access rules do not allow it.</summary>
    Denied,

    /// <summary>There was no memory for it within <see cref="BrokerOptions.MemoryPatience"/>.</summary>
    NoMemory,

    /// <summary>The store cannot keep what would have to be stored of it.</summary>
    StoreUnavailable,

    /// <summary>The broker is shutting down.</summary>
    Draining,

    /// <summary>This node has not joined its fleet yet: it does not know for whom the message is.</summary>
    Joining,

    /// <summary>It was published, but the broker stopped before what was stored of it was durable.</summary>
    NotStored,
}

/// <summary>What became of a message that was published within this process.</summary>
/// <param name="Outcome">What .NET code learns of it.</param>
/// <param name="Refusal">Why it was refused.</param>
/// <param name="Ticket">When this ticket is reached, everything that was stored of it is durable.</param>
internal readonly record struct LocalVerdict(PublishOutcome Outcome, LocalRefusal Refusal, long Ticket)
{
    /// <summary>What it waits for on other nodes; null for nothing.</summary>
    public AwaitList? Elsewhere { get; init; }

    public static LocalVerdict Refused(LocalRefusal refusal) => new(PublishOutcome.Refused, refusal, 0);
}
