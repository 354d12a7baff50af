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
