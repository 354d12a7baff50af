namespace Microsoft.Reactive.Testing;

/// <summary>The virtual times at which a subscription began and ended.</summary>
public readonly struct Subscription(long subscribe, long unsubscribe) : IEquatable<Subscription>
{
    /// <summary>The end of a subscription that has not ended.</summary>
    public const long Infinite = long.MaxValue;

    public Subscription(long subscribe)
        : this(subscribe, Infinite)
    {
    }

    /// <summary>When it began.</summary>
    public long Subscribe { get; } = subscribe;

    /// <summary>When it ended; <see cref="Infinite"/> when it did not.</summary>
    public long Unsubscribe { get; } = unsubscribe;

    public static bool operator ==(Subscription left, Subscription right) => left.Equals(right);

    public static bool operator !=(Subscription left, Subscription right) => !left.Equals(right);

    public bool Equals(Subscription other) => Subscribe == other.Subscribe && Unsubscribe == other.Unsubscribe;

    public override bool Equals(object? obj) => obj is Subscription other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Subscribe, Unsubscribe);

    public override string ToString() => Unsubscribe == Infinite ? $"({Subscribe}, Infinite)" : $"({Subscribe}, {Unsubscribe})";
}
