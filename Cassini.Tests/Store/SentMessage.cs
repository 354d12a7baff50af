using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Store;

/// <summary>A message that a publisher of a schedule has sent, and what the broker owes for it.</summary>
internal sealed class SentMessage
{
    public required int Number { get; init; }

    public required string Publisher { get; init; }

    public required string Topic { get; init; }

    public required QualityOfService QoS { get; init; }

    public bool Retain { get; init; }

    /// <summary>Whether it removes the retained message: its payload is empty.</summary>
    public bool IsRemoval { get; init; }

    /// <summary>Whether one member of the share gets it.</summary>
    public bool IsShared => Topic.StartsWith('s');

    public TimeSpan? Expiry { get; init; }

    /// <summary>When it was first sent, in steps of the schedule.</summary>
    public required int SentAt { get; init; }

    /// <summary>The same on the wall clock.</summary>
    public required DateTimeOffset SentTime { get; init; }

    /// <summary>When it has expired for sure, because the broker had it when it acknowledged it; null when nobody knows.</summary>
    public DateTimeOffset? ExpiresBefore { get; set; }

    /// <summary>Whether it may be lost to its share, because a session ended that may have been the only one that had it.</summary>
    public bool MayBeLostToShare { get; set; }

    /// <summary>When its PUBACK or PUBREC came; null while none has.</summary>
    public int? AcknowledgedAt { get; set; }

    /// <summary>Whether its publisher may send it again in another session than it has sent it first.</summary>
    public bool IsInDoubt { get; set; }

    /// <summary>Whether it was sent again, and may have been refused before: then it comes later than others.</summary>
    public bool WasPerhapsRefused { get; set; }

    /// <summary>The subscriptions that were acknowledged before it was sent.</summary>
    public List<KnownSubscription> Owed { get; } = [];

    public string Text => IsRemoval ? "" : $"m{Number}";

    public override string ToString() => $"m{Number} ({Publisher}, {Topic}, {QoS}{(Retain ? ", retain" : "")})";
}
