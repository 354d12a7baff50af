using System.Collections.Immutable;

namespace Cassini.Streams.Events;

/// <summary>
/// The settings were read, and those that can change while the process runs are in force. Published at the start, and at each reload.
/// </summary>
/// <param name="TakenUp">The keys of the settings that are in force from now on with another value.</param>
/// <param name="NeedRestart">The keys of all settings whose new value is in force only after a restart.</param>
public sealed record ConfigurationLoaded(ImmutableArray<string> TakenUp, ImmutableArray<string> NeedRestart) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;

    /// <inheritdoc/>
    public bool Equals(ConfigurationLoaded? other) =>
        other is not null
        && TakenUp.AsSpan().SequenceEqual(other.TakenUp.AsSpan()) && NeedRestart.AsSpan().SequenceEqual(other.NeedRestart.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(TakenUp.Length, NeedRestart.Length);
}

/// <summary>New settings are wrong: all of those before stay in force.</summary>
/// <param name="Problem">The first error, with the setting and where it was set.</param>
/// <param name="More">How many more errors there are; the log has them all.</param>
public sealed record ConfigurationReloadFailed(string Problem, int More) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}

/// <summary>Another level of the log is in force for a while, or the configured ones are again.</summary>
/// <param name="Level">The level; the configured one when that is in force again.</param>
/// <param name="LoggerCategory">
/// The beginning of the names of the loggers that it is for; null for all without a level of their own.
/// </param>
/// <param name="For">How long; null when the configured levels are in force again.</param>
/// <param name="Caller">Who asked for it, as far as that is known, for people.</param>
public sealed record LogLevelChanged(string Level, string? LoggerCategory, TimeSpan? For, string Caller) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}
