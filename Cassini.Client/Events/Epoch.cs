using System.Globalization;

namespace Cassini.Streams.Events;

/// <summary>
/// One run of the process: its start in Unix milliseconds. Printed as 16 hexadecimal digits, so that text order is
/// start order.
/// </summary>
/// <param name="Value">Unix milliseconds of the start.</param>
public readonly record struct Epoch(ulong Value) : IComparable<Epoch>
{
    /// <summary>The epoch of a process that started at <paramref name="time"/>.</summary>
    public static Epoch StartingAt(DateTimeOffset time) => new((ulong)time.ToUnixTimeMilliseconds());

    /// <summary>Reads 16 lower-case hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Epoch epoch)
    {
        epoch = default;
        if (text.Length != 16 || text.ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }

        epoch = new Epoch(ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
