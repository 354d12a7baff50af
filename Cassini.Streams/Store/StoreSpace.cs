using Cassini.Streams.Primitives;

namespace Cassini.Streams.Store;

/// <summary>Whether there is room for more, by the limits of the settings. Any thread.</summary>
/// <param name="options">The limits.</param>
/// <param name="free">How much room the disk has; null when that is not known.</param>
internal sealed class StoreSpace(StoreOptions options, Func<long?> free)
{
    /// <summary>Below so many times the least room that must be free, an operator should know.</summary>
    private const int Low = 4;

    /// <summary>Also that of the journal, near its limit.</summary>
    private const double High = 0.8;

    /// <summary>A shortage ends below this part of the limit.</summary>
    private const double Leave = 0.9;

    private const long Margin = 16 << 20;
    private const long Little = 1 << 20;

    /// <summary>Why nothing more may be stored; null when it may.</summary>
    /// <param name="bytes">How large the journal is.</param>
    /// <param name="isShort">Whether there was a shortage: it ends a little later than it begins, or it would come and go.</param>
    public string? Shortage(long bytes, bool isShort)
    {
        var (most, least) = isShort
            ? (options.MaxBytes * Leave, options.MinFreeBytes / Leave)
            : (options.MaxBytes, options.MinFreeBytes);
        return bytes >= most ? $"the journal has {Mebibytes(bytes)} of the {Mebibytes(options.MaxBytes)} that it may have (Store:MaxBytes)"
            : free() is { } left && left < least
                ? $"{Mebibytes(left)} are free on the disk, and {Mebibytes(options.MinFreeBytes)} must stay free (Store:MinFreeBytes)"
            : null;
    }

    /// <summary>
    /// Whether everything that lives can be written once more before the rest is dropped. For little the reserve is enough: on a full disk
    /// of which all is dead nothing else would make room.
    /// </summary>
    /// <param name="bytes">How much lives.</param>
    public bool HasRoomFor(long bytes) => bytes <= Little || free() is not { } left || left > bytes + (bytes / 4) + Margin;

    /// <summary>What needs attention before there is a shortage; null when nothing does.</summary>
    /// <param name="bytes">How large the journal is.</param>
    public string? Warning(long bytes) =>
        bytes >= options.MaxBytes * High ? $"the journal has {Mebibytes(bytes)} of the {Mebibytes(options.MaxBytes)} that it may have"
        : free() is { } left && left < Low * options.MinFreeBytes ? "little room is left on the disk of the journal"
        : null;

    private static string Mebibytes(long bytes) => Quantity.Of(bytes >> 20, "MiB", "MiB");
}
