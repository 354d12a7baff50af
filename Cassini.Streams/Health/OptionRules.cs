using System.Globalization;
using System.Numerics;

namespace Cassini.Streams.Health;

/// <summary>Collects every violated rule: each names the setting, its value and what is allowed.</summary>
internal sealed class OptionRules
{
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> Errors => _errors;

    public void Range<T>(string setting, T value, T least, T most)
        where T : INumber<T>
    {
        if (value < least || value > most)
        {
            Add(setting, Text(value), $"allowed: {Text(least)} to {Text(most)}");
        }
    }

    public void Range(string setting, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            Add(setting, Text(value), $"allowed: {Text(least)} to {Text(most)}");
        }
    }

    /// <summary>A relation between two settings; told only in words.</summary>
    public void Require(bool holds, string setting, TimeSpan value, string rule)
    {
        if (!holds)
        {
            Add(setting, Text(value), rule);
        }
    }

    public void Require(bool holds, string setting, string value, string rule)
    {
        if (!holds)
        {
            Add(setting, value, rule);
        }
    }

    private static string Text<T>(T value)
        where T : INumber<T> => value.ToString("#,0.###", CultureInfo.InvariantCulture);

    private static string Text(TimeSpan value) => value switch
    {
        { TotalMilliseconds: < 1000 and > -1000 } => Unit(value.TotalMilliseconds, "ms"),
        { TotalSeconds: < 120 and > -120 } => Unit(value.TotalSeconds, "s"),
        { TotalMinutes: < 120 and > -120 } => Unit(value.TotalMinutes, "min"),
        { TotalHours: < 48 and > -48 } => Unit(value.TotalHours, "h"),
        _ => Unit(value.TotalDays, "days"),
    };

    private static string Unit(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:#,0.###} {unit}");

    private void Add(string setting, string value, string rule) => _errors.Add($"{setting}: {value} is not allowed; {rule}");
}
