namespace Microsoft.Reactive.Testing;

/// <summary>A value with its virtual time.</summary>
public readonly struct Recorded<T>(long time, T value) : IEquatable<Recorded<T>>
{
    /// <summary>The virtual time.</summary>
    public long Time { get; } = time;

    /// <summary>The value.</summary>
    public T Value { get; } = value;

    public static bool operator ==(Recorded<T> left, Recorded<T> right) => left.Equals(right);

    public static bool operator !=(Recorded<T> left, Recorded<T> right) => !left.Equals(right);

    public bool Equals(Recorded<T> other) => Time == other.Time && EqualityComparer<T>.Default.Equals(Value, other.Value);

    public override bool Equals(object? obj) => obj is Recorded<T> other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Time, Value);

    public override string ToString() => $"{Value}@{Time}";
}
