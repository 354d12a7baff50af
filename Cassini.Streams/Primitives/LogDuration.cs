namespace Cassini.Streams.Primitives;

/// <summary>A duration in a log message: text as people say it, made only when the message is written.</summary>
/// <param name="Value">The exact duration.</param>
internal readonly record struct LogDuration(TimeSpan Value)
{
    /// <summary>So that a log method takes a duration as it is.</summary>
    public static implicit operator LogDuration(TimeSpan value) => new(value);

    public override string ToString() => DurationText.About(Value);
}
