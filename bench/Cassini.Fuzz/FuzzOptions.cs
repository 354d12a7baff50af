using System.Globalization;

namespace Cassini.Fuzz;

/// <summary>How long, and from where. The same seed gives the same cases.</summary>
internal sealed record FuzzOptions
{
    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>The first case, to repeat one that failed.</summary>
    public long From { get; init; }

    /// <summary>How many cases; unlimited by default.</summary>
    public long Cases { get; init; } = long.MaxValue;

    /// <summary>How long, in seconds; 10 by default, unlimited when only cases are given.</summary>
    public double? Seconds { get; init; }

    public TimeSpan Duration => Seconds is { } given ? TimeSpan.FromSeconds(given)
        : Cases == long.MaxValue ? TimeSpan.FromSeconds(10)
        : TimeSpan.MaxValue;

    public static bool TryRead(ReadOnlySpan<string> args, out FuzzOptions options)
    {
        options = new FuzzOptions();
        for (; args.Length >= 2; args = args[2..])
        {
            if (!long.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }

            switch (args[0])
            {
                case "--seed" when value <= int.MaxValue:
                    options = options with { Seed = (int)value };
                    break;
                case "--from":
                    options = options with { From = value };
                    break;
                case "--cases":
                    options = options with { Cases = value };
                    break;
                case "--seconds":
                    options = options with { Seconds = value };
                    break;
                default:
                    return false;
            }
        }

        return args.IsEmpty;
    }
}
