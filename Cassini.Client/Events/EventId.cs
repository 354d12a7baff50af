using System.Globalization;

namespace Cassini.Streams.Events;

/// <summary>The name of one event, unique across restarts: <c>&lt;epoch&gt;-&lt;sequence&gt;</c>.</summary>
/// <param name="Epoch">The run of the process.</param>
/// <param name="Sequence">1, 2, 3 … within the epoch; 0 means before the first event.</param>
public readonly record struct EventId(Epoch Epoch, long Sequence)
{
    /// <summary>Parses <c>&lt;16 hexadecimal digits&gt;-&lt;decimal number&gt;</c>; any other text is rejected.</summary>
    public static bool TryParse(string? text, out EventId id)
    {
        id = default;
        if (text is null || text.Length < 18 || text[16] != '-' || !Epoch.TryParse(text.AsSpan(0, 16), out var epoch)
            || !long.TryParse(text.AsSpan(17), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            return false;
        }

        id = new EventId(epoch, sequence);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Sequence}");
}
