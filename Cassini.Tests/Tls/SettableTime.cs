namespace Cassini.Tests.Tls;

/// <summary>A wall clock that stops until it is moved; its timestamps move along.</summary>
internal sealed class SettableTime(DateTimeOffset now) : TimeProvider
{
    public SettableTime()
        : this(System.GetUtcNow())
    {
    }

    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
}
